"""Doctor: what is wrong with a run, in plain words, and what would mend it."""

import streamlit as st

from cnnviz.ui import frame
from cnnviz.ui.components import doctor_view
from cnnviz.ui.components.network_picker import pick_network

frame.ensure()
with frame.guarded():
    looked_at = pick_network()
    if looked_at is None:
        st.stop()
    doctor_view.show(looked_at)
