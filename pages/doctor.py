"""Doctor: what is wrong with a run, in plain words, and what would mend it."""

import streamlit as st

from cnnviz.ui.doctor import view
from cnnviz.ui.shell import frame
from cnnviz.ui.widgets.network_picker import pick_snapshot

frame.ensure()
with frame.guarded():
    selected = pick_snapshot()
    if selected is None:
        st.stop()
    view.show(*selected)
