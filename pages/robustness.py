"""Shake it: what a network makes of a picture that is shaken, and how much accuracy shaking costs."""

import streamlit as st

from cnnviz.ui.robustness import accuracy, view
from cnnviz.ui.shell import frame
from cnnviz.ui.widgets import image_picker, prediction
from cnnviz.ui.widgets.network_picker import pick_network

frame.ensure()
with frame.guarded():
    looked_at = pick_network()
    if looked_at is None:
        st.stop()
    image = image_picker.chosen(looked_at.card.data, grey=looked_at.grey)
    values = view.values()
    left, right = st.columns([3, 8], gap="large")
    with left:
        seen = prediction.show(looked_at, image)
        image_picker.picker(looked_at, image)
    with right:
        view.show(looked_at, image, seen)
        accuracy.show(looked_at, values)
