"""Mistakes: where a network fails, how sure it is of it, and on which images."""

import streamlit as st

from cnnviz.ui import frame
from cnnviz.ui.components import diagnosis_view
from cnnviz.ui.components.network_picker import pick_network

frame.ensure()
with frame.guarded():
    looked_at = pick_network()
    if looked_at is None:
        st.stop()
    diagnosis_view.show(looked_at)
