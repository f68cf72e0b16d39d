"""One channel of a layer, and one cell of its map: where it looks, and how it came by its number."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cnnviz.formatting import decimal, per_cent
from cnnviz.render.mosaic import grid
from cnnviz.render.outline import outlined
from cnnviz.render.overlay import overlaid
from cnnviz.render.picture import png
from cnnviz.ui.activations import excitation, maximisation
from cnnviz.ui.resources import networks
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import CELL, CHANNEL
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.activations.cell import Cell
    from cnnviz.explore.inputs.preprocessing import Input
    from cnnviz.explore.layers.structure import Layer

_SIDE = 320
_MOST_CELLS = 64
"""Cells across a map that are drawn one by one."""
_MOST_TABLE = 12
"""Largest kernel side that is shown as numbers."""


def show(
    network: SelectedNetwork, layer: "Layer", maps: NDArray[np.float32], seen: "Input", channel: int
) -> None:
    """The map of a channel, what the selected cell sees, and its arithmetic."""
    with st.container(border=True):
        _draw(network, layer, maps, seen, channel)


def _draw(
    network: SelectedNetwork, layer: "Layer", maps: NDArray[np.float32], seen: "Input", channel: int
) -> None:
    row, column = _cell(maps[channel])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{layer.name}, channel {channel}**")
        st.download_button(
            "Map",
            lambda: grid(maps[channel][None], max_width=1024).png,
            f"{network.run.id}-{layer.name}-{channel}.png".replace(":", "-"),
            "image/png",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            key="download map",
        )
        st.button("Close", icon=":material/close:", type="tertiary", key="close channel", on_click=_close)
    left, right = st.columns(2)
    with left:
        _map(layer, maps[channel], channel, row, column)
    with right:
        _sees(layer, seen, maps[channel], row, column)
    trace = networks.trace(network.stamp, network.run.config.freeze, seen.values, layer.name)
    _arithmetic(trace.cell(channel=channel, row=row, column=column))
    if st.toggle(
        "Switch this channel off", key="channel off", help="Its whole map becomes zero in the next layers."
    ):
        _without(network, seen, layer.name, channel)
    excitation.show(network, layer, channel)
    maximisation.show(network, layer, maps[channel], channel, place=(row, column))


def _map(layer: "Layer", values: NDArray[np.float32], channel: int, row: int, column: int) -> None:
    """The map with its cells to choose from; of a large map, blocks of cells."""
    height, width = values.shape
    block = -(-max(height, width) // _MOST_CELLS)
    shown = _blocks(values, block)
    across = shown.shape[1]
    drawn = grid(shown.reshape(-1, 1, 1), columns=across, tile=1, gap=0)
    what = "choose a cell" if block == 1 else f"each square the largest of {block} × {block} cells"
    size = f"Its map, {height} × {width}, {decimal(drawn.scale.low)} to {decimal(drawn.scale.high)}: {what}."
    st.caption(size if values.size > 1 else "One number.")
    at = row // block * across + column // block

    def choose_in(place: int) -> None:
        """Select the cell of a square that is furthest from zero."""
        top, left = place // across * block, place % across * block
        within = values[top : top + block, left : left + block]
        largest = int(np.argmax(np.nan_to_num(np.abs(within))))
        selection.put(CELL, (top + largest // within.shape[1], left + largest % within.shape[1]))

    sprite(
        drawn,
        key="cells",
        tile=max(1, min(64, _SIDE // max(shown.shape))),
        columns=across,
        labels=[
            f"row {n // across * block}, column {n % across * block}: {value:.4g}"
            for n, value in enumerate(shown.flat)
        ],
        selected=at,
        choose=lambda place: None if place == at else choose_in(place),
        alt=f"Map of channel {channel} of {layer.name}: arrow keys walk its cells, Enter chooses",
    )


def _blocks(values: NDArray[np.float32], block: int) -> NDArray[np.float32]:
    """The value furthest from zero in each block of a map; fewer cells at the right and lower edge."""
    if block == 1:
        return values
    rows, columns = (np.arange(0, side, block) for side in values.shape)
    high = np.maximum.reduceat(np.maximum.reduceat(values, rows, axis=0), columns, axis=1)
    low = np.minimum.reduceat(np.minimum.reduceat(values, rows, axis=0), columns, axis=1)
    return np.where(-low > high, low, high)


def _close() -> None:
    selection.drop(CHANNEL, CELL)


def _cell(values: NDArray[np.float32]) -> tuple[int, int]:
    """The selected cell; the largest one where none is, or the map has no such cell."""
    rows, columns = values.shape
    place = selection.value(
        CELL, lambda one: one[0] < rows and one[1] < columns, otherwise="this is the largest one"
    )
    if place is not None:
        return place
    at = int(np.nanargmax(values)) if np.isfinite(values).any() else 0
    return at // values.shape[1], at % values.shape[1]


def _sees(layer: "Layer", seen: "Input", values: NDArray[np.float32], row: int, column: int) -> None:
    from cnnviz.explore.layers.receptive_field import box

    if layer.field is None:
        return
    height, width = seen.pixels.shape[:2]
    place = box(layer.field, row, column, image=(height, width))
    size = f"{layer.field.size[0]} × {layer.field.size[1]} pixels"
    whole = place == (0, 0, height, width)
    what = "the whole image" if layer.field.whole or whole else size
    field = f" (its field: {size})" if whole and not layer.field.whole else ""
    st.caption(f"Row {row}, column {column} sees {what}{field}.")
    over = values.size > 1 and st.session_state.get("map over photo", False)
    st.image(
        png(outlined(overlaid(seen.pixels, values) if over else seen.pixels, place, to=_SIDE)),
        output_format="PNG",
        alt=f"The image, with what the cell sees marked: rows {place[0]} to {place[2] - 1}, "
        f"columns {place[1]} to {place[3] - 1}" + ("; the map lies over it" if over else ""),
    )
    if values.size > 1:
        st.toggle("Map over the photo", key="map over photo")


def _without(network: SelectedNetwork, seen: "Input", layer: str, channel: int) -> None:
    """What the network says with the channel, and without it."""
    before = networks.prediction(network.stamp, seen.values)
    after = networks.prediction_without(network.stamp, seen.values, layer, channel)
    order = np.argsort(-np.maximum(before, after))[:5]
    rows = [
        {
            "Class": network.card.classes[one],
            "With it": per_cent(before[one]),
            "Without": per_cent(after[one]),
            "Change": decimal(100 * (after[one] - before[one]), "+.1f") + " points",
        }
        for one in order
    ]
    st.table(pd.DataFrame(rows).set_index("Class"))


def _arithmetic(found: "Cell") -> None:
    st.markdown(f"**{decimal(found.value, '.5g')}**, worked out")
    st.markdown("  \n".join(f"`{step.layer}` {step.title}: {step.formula}" for step in found.steps))
    if found.patch is None or found.kernel is None or found.contributions is None:
        return
    adds = found.contributions
    order = np.argsort(-np.abs(adds))
    if found.kernel[0].size == 1:
        _sums(found, order)
        return
    if max(found.kernel.shape[1:]) > _MOST_TABLE:
        return
    place = st.expander(
        f"Input × weight, from {found.source}",
        icon=":material/calculate:",
        key="arithmetic",
        on_change="rerun",
    )
    if not place.open:
        return
    with place:
        at = st.selectbox(
            "Input channel, the one that adds most first",
            order.tolist(),
            format_func=lambda one: f"{one}: {adds[one]:+.4g}",
            key=f"input of {found.layer} {found.channel}",
        )
        parts = {
            "Input": found.patch[at],
            "Weight": found.kernel[at],
            "Product": found.patch[at] * found.kernel[at],
        }
        for column, (name, values) in zip(st.columns(3), parts.items(), strict=True):
            with column:
                st.caption(name)
                st.table(pd.DataFrame([[decimal(value) for value in line] for line in values]))
        rest = adds.sum() - adds[at]
        st.caption(
            f"This channel adds {decimal(adds[at], '+.5g')}, the other {len(order) - 1:,} add {decimal(rest, '+.5g')}: "
            f"together {decimal(adds.sum(), '.5g')}."
        )


def _sums(found: "Cell", order: NDArray[np.intp]) -> None:
    assert found.patch is not None
    assert found.kernel is not None
    assert found.contributions is not None
    place = st.expander(
        f"The inputs that add most, of {len(order):,} from {found.source}",
        icon=":material/calculate:",
        key="arithmetic",
        on_change="rerun",
    )
    if not place.open:
        return
    with place:
        rows = [
            {
                "Input": int(one),
                "Value": decimal(found.patch[one, 0, 0]),
                "Weight": decimal(found.kernel[one, 0, 0]),
                "Product": decimal(found.contributions[one]),
            }
            for one in order[:10]
        ]
        st.table(pd.DataFrame(rows).set_index("Input"))
