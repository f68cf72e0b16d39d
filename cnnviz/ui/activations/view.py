"""All channels of one layer, in one mosaic."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.formatting import decimal, per_cent
from cnnviz.render.bar import bar
from cnnviz.render.colour import Per, Scale, scale_of
from cnnviz.render.mosaic import Mosaic, grid
from cnnviz.render.order import MEASURES, largest_first
from cnnviz.ui.activations import channel_card, network_strip
from cnnviz.ui.resources import excitation_index, networks
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.widgets import channel_selection, pin
from cnnviz.ui.widgets.image_picker import SelectedImage
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.inputs.preprocessing import Input
    from cnnviz.explore.layers.structure import Layer
    from cnnviz.report.figures.figure import Figure

_SCALES = {"layer": "By layer", "channel": "By channel", "network": "Whole network"}
_BY_INDEX, _BY_CLASS = "index", "class selectivity"
_TOKENS = {
    "": "",
    "patches": " Tokens, laid out as their patches lie; a class token is left out.",
    "windows": " A row for each window, a column for each of its tokens.",
}
_UNIT = 20


@st.fragment
def show(network: SelectedNetwork, image: SelectedImage, seen: "Input", layer: "Layer") -> None:
    """The maps of a layer with their scale; choose one, and see how its numbers come about.

    Choosing a channel or a cell draws this part alone anew.
    """
    maps = networks.maps(network.stamp, seen.values, layer.name)
    card = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        per = _choice("Scale", _SCALES, default="layer")
        order = _order(network, layer, maps)
    mosaic = _tiles(network.stamp, seen.values, layer.name, per, order)
    _describe(mosaic, maps, per, tokens=layer.tokens)
    channel = channel_selection.selected(len(maps))
    sprite(
        mosaic,
        key="activation maps",
        tile=_UNIT if maps[0].size == 1 else max(_wanted(len(maps)), maps.shape[2]),
        labels=_labels(maps, order),
        selected=None if channel is None else int(np.flatnonzero(order == channel)[0]),
        choose=lambda place: channel_selection.select(int(order[place])),
        alt=f"Activations of {layer.name} for {image.title}: {len(maps)} maps, {mosaic.scale.in_words()}. "
        "Arrow keys walk, Enter opens one",
    )
    if channel is not None:
        with card:
            channel_card.show(network, layer, maps, seen, channel)
    _downloads(
        network.run.id,
        maps,
        layer.name,
        lambda: _picture(network.stamp, seen.values, layer.name, per, order),
        lambda: pin.pin(
            lambda: _figure(network, image, layer.name), key="maps", why_not=pin.only_named(image)
        ),
    )


def _order(network: SelectedNetwork, layer: "Layer", maps: NDArray[np.float32]) -> NDArray[np.intp]:
    """Channels in the order that is chosen; by selectivity only where test images were looked through."""
    found = excitation_index.layer(network, layer.name)
    known = found is not None and found.channels == len(maps)
    measures = [_BY_INDEX, *MEASURES, *([_BY_CLASS] if known else [])]
    by = _choice("Sort by", {name: name.capitalize() for name in measures}, default=_BY_INDEX)
    if by == _BY_CLASS and found is not None:
        return largest_first(found.selectivity)
    return np.arange(len(maps)) if by == _BY_INDEX else largest_first(MEASURES[by](maps))


def _choice(label: str, options: dict[str, str], *, default: str) -> str:
    chosen = st.segmented_control(
        label,
        list(options),
        format_func=lambda one: options[one],
        default=default,
        required=True,
        key=f"maps {label}",
    )
    return chosen or default


def _describe(mosaic: Mosaic, maps: NDArray[np.float32], per: str, *, tokens: str) -> None:
    zeros = float((maps == 0).mean())
    dead = int((maps == 0).all(axis=(1, 2)).sum())
    st.image(bar(mosaic.scale, width=512, height=10), output_format="PNG", alt="Colour bar")
    scale = mosaic.scale.in_words()
    if per == "network":
        scale = scale.replace("shared by all maps", "shared by all layers of this network")
    st.caption(
        f"{scale}. {len(maps):,} {'units' if maps[0].size == 1 else 'maps'}, "
        f"{per_cent(zeros, digits=0)} of values are zero, {dead:,} are zero everywhere."
        + (
            f" Each pixel is the mean of {mosaic.shrink} × {mosaic.shrink} values."
            if mosaic.shrink > 1
            else ""
        )
        + _TOKENS[tokens]
    )


def _labels(maps: NDArray[np.float32], order: NDArray[np.intp]) -> list[str]:
    peaks = maps.reshape(len(maps), -1)
    ranges = zip(peaks.min(1), peaks.max(1), peaks.mean(1), strict=True)
    said = [
        f"channel {channel}: {decimal(low)} to {decimal(high)}, mean {decimal(mean)}"
        for channel, (low, high, mean) in enumerate(ranges)
    ]
    return [said[channel] for channel in order]


def _wanted(count: int) -> int:
    """Pixels a tile is wide: smaller where there are hundreds, so that they can be seen together."""
    return next(side for most, side in ((128, 88), (512, 64), (10**9, 40)) if count <= most)


@st.cache_data(max_entries=64, show_spinner=False)
def _tiles(
    of: networks.Stamp, values: NDArray[np.float32], layer: str, per: str, order: NDArray[np.intp]
) -> Mosaic:
    """The maps of one layer at one pixel a value, for the browser to enlarge; large maps are reduced."""
    maps, scale = _prepared(of, values, layer, per)
    return grid(maps[order], tile=min(max(maps.shape[1:]), 224), scale=scale, gap=0)


@st.cache_data(max_entries=16, show_spinner=False)
def _picture(
    of: networks.Stamp, values: NDArray[np.float32], layer: str, per: str, order: NDArray[np.intp]
) -> bytes:
    """The maps of one layer as one enlarged PNG."""
    maps, scale = _prepared(of, values, layer, per)
    return grid(maps[order], scale=scale).png


def _prepared(
    of: networks.Stamp, values: NDArray[np.float32], layer: str, per: str
) -> tuple[NDArray[np.float32], Scale | Per]:
    maps = networks.maps(of, values, layer)
    if per != "network":
        return maps, "channel" if per == "channel" else "layer"
    glances = network_strip.overview(of, values).values()
    low, high = min(one.low for one in glances), max(one.high for one in glances)
    return maps, scale_of(np.array([[low, high]]))


def _figure(network: SelectedNetwork, image: SelectedImage, layer: str) -> "Figure":
    from cnnviz.report.figures.maps import Maps

    return Maps(**pin.of_image(network, image), layer=layer)


def _downloads(
    stem: str,
    maps: NDArray[np.float32],
    layer: str,
    picture: Callable[[], bytes],
    more: Callable[[], None],
) -> None:
    stem = f"{stem}-{layer}".replace(":", "-")
    with st.container(horizontal=True):
        st.download_button(
            "PNG", picture, f"{stem}.png", "image/png", icon=":material/download:", on_click="ignore"
        )
        st.download_button(
            "npz",
            lambda: _arrays(maps, layer),
            f"{stem}.npz",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
        more()


def _arrays(maps: NDArray[np.float32], layer: str) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, activations=maps, layer=layer)
    return content.getvalue()
