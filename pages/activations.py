"""Activations: what every layer of a network makes of one image."""

import streamlit as st

from cnnviz.ui.activations import layer_table, network_strip, view
from cnnviz.ui.resources import networks
from cnnviz.ui.shell import frame
from cnnviz.ui.widgets import experiment_links, image_picker, layer_picker, prediction
from cnnviz.ui.widgets.network_picker import pick_network

frame.ensure()
with frame.guarded():
    experiment_links.hint()
    looked_at = pick_network()
    if looked_at is None:
        st.stop()
    whole = st.container()
    image = image_picker.chosen(looked_at.card.data, grey=looked_at.grey)
    left, right = st.columns([3, 8], gap="large")
    with left:
        seen = prediction.show(looked_at, image)
        image_picker.picker(looked_at, image)
    with right:
        found = networks.layers(looked_at.stamp, looked_at.run.config.freeze, seen.shape)
        layer = layer_picker.pick(found)
        view.show(looked_at, image, seen, layer)
        with whole:  # after what was asked for
            network_strip.show(looked_at, image, seen, layer.name)
        layer_table.show(found, stem=looked_at.run.id)
