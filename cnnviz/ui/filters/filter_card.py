"""One filter: its kernels by input channel, its figures, and what it is most like."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cnnviz.formatting import decimal
from cnnviz.render.filters import kernels
from cnnviz.ui.filters.view import EpochFilters, scale_in_words
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import CHANNEL, LAYER
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.filters.weights import FilterLayer

_MOST = 256
"""Kernels that are shown: the strongest."""
_SIDE = 420
"""Pixels that the kernels of a filter take across, about."""
_COLOURS = ("red", "green", "blue")


def show(
    before: EpochFilters | None, now: EpochFilters, number: int, *, per: str, link: dict[str, str] | None
) -> None:
    """Draw the card of filter `number`; `link` is the address of its channel on the Activations page."""
    layer = now.filters.layer
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{layer.name}, filter {number}**")
            if now.redundancy.dead[number]:
                st.badge("dead", color="orange")
            elif now.redundancy.duplicate[number]:
                st.badge("near-duplicate", color="green")
            if link:
                words = f"Channel {number} on Activations ({link['words']})"
                address = {key: value for key, value in link.items() if key != "words"}
                st.page_link(
                    "pages/activations.py", label=words, icon=":material/blur_on:", query_params=address
                )
        figures, *places = st.columns([4, 5, 5])
        with figures:
            _figures(before, now, number)
        order = _strongest(now.filters.weights[number])
        which = _which(layer, len(order), now.epoch)
        for place, shown, name in zip(places, (before, now), ("untrained", "trained"), strict=True):
            with place:
                if shown is not None:
                    _kernels(shown, number, order, key=f"kernels {name}", per=per, which=which)


def _strongest(filter_: NDArray[np.float32]) -> NDArray[np.intp]:
    lengths = np.sqrt(np.square(filter_.astype(np.float64)).sum(axis=(1, 2)))
    return np.argsort(-lengths, kind="stable")[:_MOST]


def _kernels(
    shown: EpochFilters, number: int, order: NDArray[np.intp], *, key: str, per: str, which: str
) -> None:
    layer, values = shown.filters.layer, shown.filters.weights[number]
    inputs = layer.inputs_of(number)
    count, side = len(order), max(layer.size)
    drawn = kernels(values[order], each=per == "channel", tile=side, gap=0)
    st.caption(
        f"{shown.title}: {which}. {scale_in_words(drawn.scale, 'kernel').capitalize()}; "
        "white is zero, red positive, blue negative"
    )
    sprite(
        drawn,
        key=key,
        tile=_tile(count, side),
        labels=[_kernel_in_words(layer, inputs[at], values[at]) for at in order.tolist()],
        alt=f"{count} kernels of filter {number} of {layer.name}, {shown.title}, strongest first",
    )


def _tile(count: int, side: int) -> int:
    """Pixels across a kernel."""
    if side == 1:
        return 24
    across = count if count <= 3 else np.sqrt(count)
    return int(np.clip(_SIDE / across - 2, 20, 140 if count > 1 else 252))


def _which(layer: "FilterLayer", count: int, epoch: int) -> str:
    """Which kernels are shown, and in what order."""
    if layer.channels == 1:
        return "its kernel"
    all_of = f"the {count} strongest of {layer.channels}" if count < layer.channels else f"its {count}"
    return f"{all_of} kernels, longest at epoch {epoch} first"


def _kernel_in_words(layer: "FilterLayer", number: int, kernel: NDArray[np.float32]) -> str:
    name = _COLOURS[number] if layer.colour else f"input channel {number}"
    if kernel.size == 1:
        return f"{name}: {decimal(float(kernel.flat[0]))}"
    norm = float(np.sqrt(np.square(kernel.astype(np.float64)).sum()))
    return f"{name}: norm {decimal(norm)}, {decimal(kernel.min())} to {decimal(kernel.max())}"


def _figures(before: EpochFilters | None, now: EpochFilters, number: int) -> None:
    """What is known of the filter, in a table; a button goes to the most similar one."""
    found, filters = now.redundancy, now.filters
    rank = int((found.norms > found.norms[number]).sum()) + 1
    rows = [("Norm", f"{_short(found.norms[number])}, {rank:,} of {len(found.norms):,} by length")]
    if filters.bias is not None:
        rows.append(("Bias", _short(filters.bias[number])))
    if (norm := filters.batch_norm) is not None:
        rows += [
            (f"{filters.layer.batch_norm}, weight", _short(norm.weight[number])),
            ("bias", _short(norm.bias[number])),
            ("running mean", _short(norm.mean[number])),
            ("running variance", _short(norm.variance[number])),
        ]
    twin = int(found.nearest[number])
    if twin >= 0:
        rows.append(("Most similar", f"filter {twin}, cosine {decimal(found.cosine[number], '.3f')}"))
    elif not found.dead[number]:
        rows.append(("Most similar", "none: no other filter reads its input"))
    if before is not None and before.epoch != now.epoch:
        rows.append(("Since epoch 0", _turned(before.filters.weights[number], filters.weights[number])))
    if found.dead[number]:
        rows.append(("Dead", _why_dead(now, number)))
    st.table(pd.DataFrame(rows, columns=["", "Value"]).set_index(""))
    if twin >= 0:
        st.button(
            f"Filter {twin}",
            icon=":material/join_inner:",
            type="tertiary",
            key="most similar",
            on_click=choose,
            args=(filters.layer, twin),
        )


def choose(layer: "FilterLayer", number: int) -> None:
    """Select a filter of a layer, on all pages."""
    selection.put(LAYER, layer.name)
    selection.put(CHANNEL, number)


def _turned(start: NDArray[np.float32], now: NDArray[np.float32]) -> str:
    from cnnviz.explore.filters.movement import moved

    found, before = moved("", start, now), float(np.linalg.norm(start.astype(np.float64)))
    parts = []
    if np.isfinite(found.rotation):
        parts.append(f"cosine {decimal(1 - found.rotation, '.3f')}")
    if before:
        parts.append(f"norm × {found.norm / before:.3g}")
    return ", ".join(parts) or "not comparable"


def _why_dead(now: EpochFilters, number: int) -> str:
    if now.redundancy.short[number]:
        return "its norm is at most 1 % of the layer's largest"
    return "its batch norm's weight is at most 1 % of the layer's largest"


def _short(value: float) -> str:
    return decimal(float(value))
