"""One layer of two networks, two epochs or two images, side by side on one scale, and what changes between them."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.charts import learning_curves
from cnnviz.formatting import decimal, per_cent
from cnnviz.render.bar import bar
from cnnviz.render.colour import Per, Scale, scale_of
from cnnviz.render.mosaic import Mosaic, grid
from cnnviz.render.order import largest_first
from cnnviz.render.picture import enlarge, png
from cnnviz.ui.compare import choice
from cnnviz.ui.compare.choice import Side
from cnnviz.ui.compare.parameters import LAYER_B, SCALE, SORT
from cnnviz.ui.resources import networks
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import CHANNEL, LAYER
from cnnviz.ui.widgets import channel_selection, layer_picker, pin
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.activations.difference import Difference
    from cnnviz.explore.layers.structure import Layer
    from cnnviz.report.figures.figure import Figure

_TILE, _UNIT, _LARGE = 48, 14, 256
_HEAD = 168
"""Pixels above the maps, so that they begin at one height."""
_TOP = 5
_SCALES: Mapping[str, str] = {"both": "Shared by both", "side": "Each side its own"}
_ORDERS: Mapping[str, str] = {"index": "Index", "change": "Change"}


def show() -> None:
    """Choose two sides and a layer, and see them; a channel that is chosen is shown large on both."""
    sides = choice.pick()
    if sides is not None:
        _compare(*sides)


def _compare(first: Side, second: Side) -> None:
    layer = layer_picker.pick(_layers(first))
    other = _layer_of(second, layer)
    maps = networks.maps(first.network.stamp, first.seen.values, layer.name)
    other_maps = networks.maps(second.network.stamp, second.seen.values, other)
    found = _difference(maps, other_maps) if maps.shape == other_maps.shape else None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        per = selection.segmented(SCALE, list(_SCALES), default="both", words=_SCALES.__getitem__)
        by = "index"
        if found is not None:
            by = selection.segmented(SORT, list(_ORDERS), default="index", words=_ORDERS.__getitem__)
    order = np.arange(len(maps)) if found is None or by == "index" else largest_first(found.by_channel)
    shared: Scale | Per = _shared(maps, other_maps) if per == "both" else "layer"
    channel = channel_selection.selected(len(maps)) if found is not None else None
    card = st.container()
    picked = None
    columns = st.columns(3 if found is not None else 2)
    for column, side, name, values in zip(
        columns, (first, second), (layer.name, other), (maps, other_maps), strict=False
    ):
        with column:
            _head(side)
            chosen = _mosaic(
                values if found is None else values[order],
                shared,
                key=f"maps {side.letter}",
                order=order if found is not None else np.arange(len(values)),
                selected=channel,
                choice=found is not None,
                alt=f"Activations of {name}, {side.letter}: {side.title}",
            )
            picked = chosen if chosen is not None else picked
    if found is None:
        st.info(
            f"{_shape(maps)} and {_shape(other_maps)} have no difference map by map: choose layers of one shape.",
            icon=":material/difference:",
        )
        return
    with columns[2]:
        _summary(first, second, maps, found)
        chosen = _mosaic(
            found.maps[order], "layer", key="maps of the difference", order=order, selected=channel, choice=True,
            alt=f"Difference of {layer.name}, B − A",
        )  # fmt: skip
        picked = chosen if chosen is not None else picked
    if picked is not None:
        channel = picked
        channel_selection.select(picked)
    if channel is not None:
        with card.container(border=True):
            _card(first, second, layer, other, channel)
    _downloads(f"compare-{layer.name}".replace(":", "-"), maps, other_maps, found)
    pin.pin(
        lambda: _figure(first, second, layer.name, other),
        key="comparison",
        why_not=pin.only_named(first.image) or pin.only_named(second.image),
    )


def _figure(first: Side, second: Side, layer: str, other: str) -> "Figure":
    from cnnviz.report.figures.comparison import Compared
    from cnnviz.report.figures.maps import Maps

    return Compared(
        a=Maps(**pin.of_image(first.network, first.image), layer=layer),
        b=Maps(**pin.of_image(second.network, second.image), layer=other),
    )


def _layer_of(second: Side, layer: "Layer") -> str:
    """The layer of the second side: the one of that name, or else a chosen one."""
    shapes = {one.name: one.output_shape for one in _layers(second) if not one.idle}
    if shapes.get(layer.name) == layer.output_shape:
        return layer.name
    alike = [name for name, shape in shapes.items() if shape == layer.output_shape]
    default = layer.name if layer.name in shapes else (alike or list(shapes))[0]
    return selection.selectbox(LAYER_B, list(shapes), default=default)


def _layers(side: Side) -> "list[Layer]":
    return networks.layers(side.network.stamp, side.network.run.config.freeze, side.seen.shape)


def _head(side: Side) -> None:
    """What a side is: its image, its title and what its network says."""
    probabilities = networks.prediction(side.network.stamp, side.seen.values)
    classes = side.network.card.classes
    best = np.argsort(-probabilities)[:_TOP]
    with st.container(height=_HEAD, border=False):
        height, width = side.seen.pixels.shape[:2]
        size = "" if (height, width) == side.network.card.image_shape[:2] else f" at {width} × {height}"
        st.markdown(f"**{side.letter}** · {side.title}{size}")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.image(
                png(enlarge(side.seen.pixels, to=128)), output_format="PNG", width=96, alt=side.image.title
            )
            st.altair_chart(
                learning_curves.probabilities(
                    [classes[one] for one in best], [float(probabilities[one]) for one in best]
                ),
                key=f"says {side.letter}",
                alt="Probabilities: "
                + ", ".join(f"{classes[one]} {per_cent(probabilities[one])}" for one in best),
            )


def _summary(first: Side, second: Side, maps: NDArray[np.float32], found: "Difference") -> None:
    """How large the change is, beside the values themselves."""
    size = float(np.nanmean(np.abs(maps)))
    lines = [f"Mean of |B − A|: **{decimal(found.mean)}**; mean of |A|: {decimal(size)}."]
    if np.isfinite(found.correlation):
        lines.append(f"Correlation of all values: **{decimal(found.correlation, '.2f')}**.")
    with st.container(height=_HEAD, border=False):
        st.markdown("**B − A**")
        st.markdown("  \n".join(lines))
        if first.network.run.id != second.network.run.id:
            st.caption(
                "Networks trained apart number their channels by chance: compare maps, not channel with channel."
            )


def _mosaic(
    maps: NDArray[np.float32],
    scale: Scale | Per,
    *,
    key: str,
    order: NDArray[np.intp],
    selected: int | None,
    choice: bool,
    alt: str,
) -> int | None:
    """Draw maps that stand in this order; the channel that was just chosen."""
    drawn = _drawn(maps, scale)
    st.image(bar(drawn.scale, width=512, height=10), output_format="PNG", alt="Colour bar")
    st.caption(f"{_words(drawn.scale, both=isinstance(scale, Scale))}.")
    unit = maps[0].size == 1
    picked = sprite(
        drawn,
        key=key,
        tile=_UNIT if unit else _TILE,
        labels=[
            f"channel {channel}: mean {decimal(mean)}"
            for channel, mean in zip(order, maps.reshape(len(maps), -1).mean(axis=1), strict=True)
        ],
        selected=None if selected is None else int(np.flatnonzero(order == selected)[0]),
        choice=choice,
        alt=f"{alt}: {len(maps)} maps, {drawn.scale.in_words()}",
    )
    return None if picked is None else int(order[picked])


def _drawn(maps: NDArray[np.float32], scale: Scale | Per) -> Mosaic:
    return grid(maps, tile=min(max(maps.shape[1:]), 224), scale=scale, gap=0)


def _card(first: Side, second: Side, layer: "Layer", other: str, channel: int) -> None:
    """One channel, large."""
    one = networks.maps(first.network.stamp, first.seen.values, layer.name)[channel]
    two = networks.maps(second.network.stamp, second.seen.values, other)[channel]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{layer.name}, channel {channel}**")
        st.button("Close", icon=":material/close:", type="tertiary", key="close compared", on_click=_close)
    shared = _shared(one[None], two[None])
    shown: tuple[tuple[Side | None, NDArray[np.float32], Scale | Per, str], ...] = (
        (first, one, shared, f"A · {first.title}"),
        (second, two, shared, f"B · {second.title}"),
        (None, two - one, "layer", "B − A"),
    )
    for column, (side, values, scale, title) in zip(st.columns(3), shown, strict=True):
        with column:
            drawn = _drawn(values[None], scale)
            st.caption(f"{title}: {_words(drawn.scale, both=side is not None)}")
            sprite(drawn, key=f"large {title}", tile=_LARGE, columns=1, alt=f"Channel {channel}, {title}")
            if side is not None:
                st.page_link(
                    "pages/activations.py",
                    label="Look inside",
                    icon=":material/blur_on:",
                    query_params=side.link
                    | selection.link({LAYER: layer.name if side is first else other, CHANNEL: channel}),
                )


def _words(scale: Scale, *, both: bool) -> str:
    return scale.in_words().replace(
        "shared by all maps", "shared by A and B" if both else "of these maps alone"
    )


def _close() -> None:
    selection.drop(CHANNEL)


def _shared(first: NDArray[np.float32], second: NDArray[np.float32]) -> Scale:
    """One scale for both."""
    return scale_of(np.concatenate([first.reshape(1, -1), second.reshape(1, -1)], axis=1))


@st.cache_data(max_entries=32, show_spinner=False)
def _difference(first: NDArray[np.float32], second: NDArray[np.float32]) -> "Difference":
    from cnnviz.explore.activations.difference import difference

    return difference(first, second)


def _shape(maps: NDArray[np.float32]) -> str:
    return " × ".join(map(str, maps.shape))


def _downloads(
    stem: str, first: NDArray[np.float32], second: NDArray[np.float32], found: "Difference"
) -> None:
    def arrays() -> bytes:
        content = io.BytesIO()
        np.savez_compressed(content, a=first, b=second)
        return content.getvalue()

    scale = _shared(first, second)
    with st.container(horizontal=True):
        for title, picture in (
            ("PNG of A", lambda: grid(first, scale=scale).png),
            ("PNG of B", lambda: grid(second, scale=scale).png),
            ("PNG of B − A", lambda: grid(found.maps).png),
        ):
            name = f"{stem}-{title.removeprefix('PNG of ').lower().replace(' − ', '-minus-')}.png"
            st.download_button(
                title, picture, name, "image/png", icon=":material/download:", on_click="ignore"
            )
        st.download_button(
            "npz", arrays, f"{stem}.npz", "application/zip", icon=":material/download:", on_click="ignore"
        )
