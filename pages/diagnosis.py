"""Mistakes: where a network fails, how sure it is of it, and on which images."""

import streamlit as st

from cnnviz.ui.mistakes import view
from cnnviz.ui.shell import frame
from cnnviz.ui.widgets.network_picker import pick_network

frame.ensure()
with frame.guarded():
    network = pick_network()
    if network is None:
        st.stop()
    view.show(network)
