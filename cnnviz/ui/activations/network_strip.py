"""The whole network in a row: what each layer makes of the image, and how layers hang together."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.formatting import decimal, per_cent
from cnnviz.render.thumbnails import Thumbnails, thumbnails
from cnnviz.ui.activations.strip import Stop, strip
from cnnviz.ui.resources import networks
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import LAYER
from cnnviz.ui.widgets.image_picker import SelectedImage

if TYPE_CHECKING:
    from cnnviz.explore.activations.overview import LayerOverview
    from cnnviz.explore.inputs.preprocessing import Input
    from cnnviz.explore.layers.graph import Node

_SIDE = 48


def show(network: SelectedNetwork, image: SelectedImage, seen: "Input", layer: str) -> None:
    """All layers, with the block that holds `layer` opened; choosing one selects it."""
    from cnnviz.explore.layers.graph import nodes

    glances = overview(network.stamp, seen.values)
    listed = networks.layers(network.stamp, network.run.config.freeze, seen.shape)
    found = nodes(listed, layer)
    strip(
        [_image_stop(image, seen), *(_stop(node, glances[node.layer.name], found) for node in found)],
        _pictures(network.stamp, seen.values, seen.pixels, tuple(node.layer.name for node in found)),
        key="network strip",
        alt=f"{len(found)} layers of the network for {image.title}: arrow keys walk, Enter chooses",
        selected=layer,
        choose=lambda name: selection.put(LAYER, name),
    )


@st.cache_data(max_entries=16, show_spinner=False)
def overview(of: networks.Stamp, values: NDArray[np.float32]) -> "dict[str, LayerOverview]":
    """Every layer of a snapshot for one normalised image, at a glance."""
    from cnnviz.explore.activations.overview import overview

    return overview(networks.network(of)[0], values)


@st.cache_data(max_entries=64, show_spinner=False)
def _pictures(
    of: networks.Stamp, values: NDArray[np.float32], pixels: NDArray[np.uint8], names: tuple[str, ...]
) -> Thumbnails:
    glances = overview(of, values)
    return thumbnails([pixels, *(glances[name].picture for name in names)], most=_SIDE)


def _image_stop(image: SelectedImage, seen: "Input") -> Stop:
    height, width, channels = seen.pixels.shape
    return Stop(
        key=None,
        name="image",
        size=f"{channels}×{height}×{width}",
        words=f"{image.title}, as the network reads it",
    )


def _stop(node: "Node", glance: "LayerOverview", found: "list[Node]") -> Stop:
    layer = node.layer
    size = "×".join(map(str, layer.output_shape))
    silent = f"{per_cent(glance.silent, digits=0)} silent" if glance.silent else ""
    kind = f"{layer.kind}, output" if node.opened else f"{layer.kind}, a block" if layer.block else layer.kind
    what = "mean map of values" if len(layer.output_shape) > 1 else "values"
    words = [f"{layer.name}: {kind}, {size}", f"{what} {decimal(glance.low)} to {decimal(glance.high)}"]
    if silent:
        words.append(f"{per_cent(glance.silent)} of its channels are zero everywhere, for this image")
    if node.branches:
        words.append("branches join in it: choose it to see them")
    if node.jumps:
        sources = [found[jump].layer.name if jump >= 0 else "the image" for jump in node.jumps]
        words.append(f"takes in {' and '.join(sources)} too")
    return Stop(
        key=layer.name,
        name=_short(node, found),
        size=size,
        sign=silent,
        words="; ".join(words),
        inside=node.level > 0,
        branches=node.branches,
        jumps=tuple(jump + 1 for jump in node.jumps),
    )


def _short(node: "Node", found: "list[Node]") -> str:
    """The name without that of the opened block around it."""
    name = node.layer.name
    if node.opened:
        return f"{name} out"
    around = [
        other.layer.name + "." for other in found if other.opened and name.startswith(other.layer.name + ".")
    ]
    return name.removeprefix(max(around, key=len, default=""))
