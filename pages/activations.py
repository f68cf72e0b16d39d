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
    network = pick_network()
    if network is None:
        st.stop()
    whole = st.container()
    image = image_picker.image(network.card.data, grey=network.grey)
    left, right = st.columns([3, 8], gap="large")
    with left:
        seen = prediction.show(network, image)
        image_picker.picker(network, image)
    with right:
        found = networks.layers(network.stamp, network.run.config.freeze, seen.shape)
        layer = layer_picker.pick(found)
        view.show(network, image, seen, layer)
        with whole:  # after what was asked for
            network_strip.show(network, image, seen, layer.name)
        layer_table.show(found, stem=network.run.id)
