"""Doctor: what is wrong with a run, in plain words, and what would mend it."""

import streamlit as st

from cnnviz.ui.doctor import view
from cnnviz.ui.shell import frame
from cnnviz.ui.widgets.network_picker import pick_network

frame.ensure()
with frame.guarded():
    looked_at = pick_network()
    if looked_at is None:
        st.stop()
    view.show(looked_at)
