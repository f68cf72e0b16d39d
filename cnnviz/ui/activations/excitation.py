"""The test images that excite a channel most, what it answers to by class, and how often it is silent."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.formatting import decimal, per_cent
from cnnviz.render.colour import BLUE
from cnnviz.render.mosaic import grid_pictures
from cnnviz.ui.activations import index_progress
from cnnviz.ui.resources import datasets, excitation_index
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import CELL, IMAGE
from cnnviz.ui.widgets import input_size
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.channels.excitation import Excitation, Strongest
    from cnnviz.explore.layers.structure import Layer

_SHOWN = 9


def show(network: SelectedNetwork, layer: "Layer", channel: int) -> None:
    """Draw what is known; offer to look through the test images where it is not."""
    if not network.card.data:
        st.caption("What excites it most is found in test images, and this network came without a data set.")
        return
    if not excitation_index.images_of(network.card.data):
        st.caption(
            f"What excites it most shows here once the images of {network.card.data} are on this machine."
        )
        return
    if not input_size.is_trained():
        st.caption(
            f"Test images are looked through at the size of training, {input_size.dimensions(network, None)}."
        )
    found = excitation_index.layer(network, layer.name)
    if found is not None and channel < found.channels:
        _found(network, layer, found, channel)
    elif excitation_index.of(network) is not None:
        st.caption(f"{layer.name} gives no maps of channels, so that there is nothing to look for in it.")
    index_progress.show(network)


def _found(network: SelectedNetwork, layer: "Layer", found: "Excitation", channel: int) -> None:
    images, beside = _strongest(network, layer, found, channel)
    if images:
        with beside:
            _crops(network, layer, images, channel)
        _by_class(network, found, channel)
    else:
        with beside:
            _by_class(network, found, channel)


def _strongest(
    network: SelectedNetwork, layer: "Layer", found: "Excitation", channel: int
) -> tuple[list["Strongest"], DeltaGenerator]:
    """Draw the images; gives those of which a part can be shown, if any, and the place beside them."""
    data = datasets.dataset(network.card.data)
    # One at which it stays 0 does not excite it.
    best = [one for one in found.strongest(channel, _SHOWN) if one.value]
    st.markdown("**Test images that excite it most**")
    st.caption(f"Of {found.count:,}. {_silence(found, channel)}{_selectivity(found, channel)}")
    if not best:
        return [], st.container()
    labels = [_label(network, one.image) for one in best]
    whole, beside = st.columns(2)
    with whole:
        picked = sprite(
            grid_pictures(np.stack([data.test_images[one.image] for one in best])),
            key="strongest",
            tile=64,
            columns=3,
            labels=[
                f"{text}: {decimal(one.value)}. Click to look at it."
                for text, one in zip(labels, best, strict=True)
            ],
            choice=True,
            alt=f"Test images that excite channel {channel} most: {'; '.join(labels)}",
        )
    if picked is not None:
        selection.put(IMAGE, f"test.{best[picked].image}")
        if input_size.is_trained():
            selection.put(CELL, (best[picked].row, best[picked].column))
        else:  # where maps have other cells
            selection.drop(CELL)
        st.rerun()
    height, width, _ = network.card.image_shape
    field = layer.field
    partly = field is not None and not field.whole and max(field.size) < min(height, width)
    return best if partly and data.image_shape[:2] == (height, width) else [], beside


def _silence(found: "Excitation", channel: int) -> str:
    if found.dead[channel]:
        return "Its values are always zero: a dead channel, which no image excites."
    return f"Its values are zero {per_cent(found.zeros[channel], digits=0)} of the time."


def _selectivity(found: "Excitation", channel: int) -> str:
    value = found.selectivity[channel]
    return (
        f" Class selectivity {value:.2f} (0: all classes alike, 1: one alone)." if np.isfinite(value) else ""
    )


def _crops(network: SelectedNetwork, layer: "Layer", best: list["Strongest"], channel: int) -> None:
    """What the channel saw of each image."""
    from cnnviz.explore.layers.receptive_field import box

    assert layer.field is not None
    data = datasets.dataset(network.card.data)
    (high, wide), (height, width, _) = layer.field.size, network.card.image_shape
    crops = []
    for number, row, column, _ in best:
        top, left, _, _ = box(layer.field, row, column, image=(height, width))
        top, left = min(top, height - high), min(left, width - wide)
        crops.append(data.test_images[number][top : top + high, left : left + wide])
    sprite(
        grid_pictures(np.stack(crops)),
        key="crops",
        tile=64,
        columns=3,
        labels=[f"{_label(network, number)}: the {high} × {wide} pixels that it saw" for number, *_ in best],
        alt=f"The parts of these images that channel {channel} saw",
    )


def _label(network: SelectedNetwork, number: int) -> str:
    data = datasets.dataset(network.card.data)
    return f"{data.classes[data.test_labels[number]]}, test image {number:,}"


def _by_class(network: SelectedNetwork, found: "Excitation", channel: int) -> None:
    classes = network.card.classes
    means = found.by_class(channel)
    rows = [
        {"class": name, "mean": float(mean)}
        for name, mean in zip(classes, means, strict=True)
        if np.isfinite(mean)
    ]
    st.vega_lite_chart(
        _bars() | {"data": {"values": rows}},
        key="mean by class",
        alt=f"Mean activation of channel {channel} by class",
    )


@lru_cache(maxsize=1)
def _bars() -> dict[str, Any]:
    """The specification of the chart without its data: made once, as that takes ten times as long as to show it."""
    chart = (
        alt.Chart(alt.Data(values=[]))
        .mark_bar(color=BLUE, cornerRadiusEnd=2)
        .encode(
            y=alt.Y("class:N", sort="-x", title=None, axis=alt.Axis(labelOverlap=False)),
            x=alt.X("mean:Q", title="Mean activation"),
            tooltip=["class:N", alt.Tooltip("mean:Q", format=".4g")],
        )
        .properties(height=alt.Step(18))
    )
    specification: dict[str, Any] = chart.to_dict()
    return specification
