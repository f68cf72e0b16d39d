"""Attribution: which pixels speak for a class, by several methods, and whether they can be trusted."""

import streamlit as st

from cnnviz.ui.attribution import view
from cnnviz.ui.shell import frame
from cnnviz.ui.widgets import image_picker, prediction
from cnnviz.ui.widgets.network_picker import pick_network

frame.ensure()
with frame.guarded():
    network = pick_network()
    if network is None:
        st.stop()
    image = image_picker.image(network.card.data, grey=network.grey)
    left, right = st.columns([3, 8], gap="large")
    with left:
        seen = prediction.show(network, image)
        image_picker.picker(network, image)
    with right:
        view.show(network, image, seen)
