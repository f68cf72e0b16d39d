"""Activations: what every layer of a network makes of one image."""

import streamlit as st

from cnnviz.ui import cache, frame
from cnnviz.ui.components import (
    activation_view,
    image_picker,
    layer_picker,
    layer_table,
    network_strip,
    prediction_view,
    recipe_views,
)
from cnnviz.ui.components.network_picker import pick_network

frame.ensure()
with frame.guarded():
    recipe_views.hint()
    looked_at = pick_network()
    if looked_at is None:
        st.stop()
    whole = st.container()
    image = image_picker.chosen(looked_at.card.data, grey=looked_at.grey)
    left, right = st.columns([3, 8], gap="large")
    with left:
        seen = prediction_view.show(looked_at, image)
        image_picker.picker(looked_at, image)
    with right:
        found = cache.layers(looked_at.stamp, looked_at.run.config.freeze, seen.shape)
        layer = layer_picker.pick(found)
        activation_view.show(looked_at, image, seen, layer)
        with whole:  # after what was asked for
            network_strip.show(looked_at, image, seen, layer.name)
        layer_table.show(found, stem=looked_at.run.id)
