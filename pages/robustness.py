"""Shake it: what a network makes of a picture that is shaken, and how much accuracy shaking costs."""

import streamlit as st

from cnnviz.ui import frame
from cnnviz.ui.components import image_picker, prediction_view, robustness_view, shake_view
from cnnviz.ui.components.network_picker import pick_network

frame.ensure()
with frame.guarded():
    looked_at = pick_network()
    if looked_at is None:
        st.stop()
    image = image_picker.chosen(looked_at.card.data, grey=looked_at.grey)
    values = shake_view.values()
    left, right = st.columns([3, 8], gap="large")
    with left:
        seen = prediction_view.show(looked_at, image)
        image_picker.picker(looked_at, image)
    with right:
        shake_view.show(looked_at, image, seen)
        robustness_view.show(looked_at, values)
