"""Early vs late: how the first layers of a network differ from the later ones, in numbers."""

import streamlit as st

from cnnviz.ui.shell import frame
from cnnviz.ui.statistics import view
from cnnviz.ui.widgets import experiment_links
from cnnviz.ui.widgets.network_picker import pick_network

frame.ensure()
with frame.guarded():
    experiment_links.hint()
    network = pick_network()
    if network is None:
        st.stop()
    view.show(network)
