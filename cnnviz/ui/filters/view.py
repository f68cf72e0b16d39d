"""The filters of a layer, untrained beside trained: as tiles, or as one picture of all their kernels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.formatting import decimal
from cnnviz.render.colour import GREEN, VERMILION, Scale
from cnnviz.render.filters import matrix, mosaic, strengths
from cnnviz.runs.run import Run
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameter import Parameter
from cnnviz.ui.shell.parameters import CHANNEL, LAYER, RUN, SNAPSHOT
from cnnviz.ui.widgets.kernel_matrix import kernel_matrix
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.filters.history import History
    from cnnviz.explore.filters.redundancy import Redundancy
    from cnnviz.explore.filters.weights import FilterLayer, Filters

SCALES = {"layer": "One scale for all", "channel": "Each its own"}
DEAD, TWIN = VERMILION, GREEN
"""Colours of marks: dead filters, near-duplicates (Okabe–Ito)."""


@dataclass(frozen=True)
class EpochFilters:
    """The filters of one epoch, and what is said of them."""

    epoch: int
    filters: "Filters"
    redundancy: "Redundancy"
    drawn_again: bool = False
    """They were not kept, but drawn again from the seed."""
    imported: bool = False
    """They came from elsewhere: nothing is known of epochs."""

    @property
    def title(self) -> str:
        """The epoch in words."""
        if self.imported:
            return "As imported"
        again = ", drawn again from the run's seed" if self.drawn_again else ""
        return f"Epoch {self.epoch}" + ("" if self.epoch else ", untrained") + again

    @property
    def notes(self) -> list[str]:
        """Of each filter: dead, a near-duplicate, or nothing."""
        found = self.redundancy
        return [
            "dead" if dead else f"near-duplicate of {twin}, cosine {cosine:.2f}" if near else ""
            for dead, near, twin, cosine in zip(
                found.dead, found.duplicate, found.nearest, found.cosine, strict=True
            )
        ]

    @property
    def marks(self) -> list[str | None]:
        """Of each filter, the colour of its mark."""
        return [
            DEAD if dead else TWIN if near else None
            for dead, near in zip(self.redundancy.dead, self.redundancy.duplicate, strict=True)
        ]


def pick_layer(layers: Sequence["FilterLayer"]) -> "FilterLayer":
    """The selected one of `layers`, the first one where the selection is a layer without filters."""
    by_name = {layer.name: layer for layer in layers}
    before = selection.peek(LAYER)
    selected = selection.value(LAYER, by_name.__contains__, otherwise=f"this is '{layers[0].name}'")
    if selected is not None:
        selection.put(LAYER, selected)
    elif before is not None:
        selection.drop(CHANNEL)  # of a layer that has no filters
    key = "filter layer"
    st.session_state[key] = selected or layers[0].name
    st.selectbox(
        "Layer",
        list(by_name),
        key=key,
        format_func=lambda name: _in_words(by_name[name]),
        on_change=lambda: _take_layer(st.session_state[key]),
    )
    return by_name[st.session_state[key]]


def _take_layer(name: str) -> None:
    selection.put(LAYER, name)
    selection.drop(CHANNEL)


def _in_words(layer: "FilterLayer") -> str:
    size = f"{layer.size[0]}×{layer.size[1]}"
    what = f"{layer.count} filters of {layer.channels} × {size}"
    return f"{layer.name} · {what}" + (f" · {layer.groups} groups" if layer.groups > 1 else "")


def selected(now: EpochFilters) -> int | None:
    """The selected filter, if one is."""
    count = len(now.filters.weights)
    return selection.value(CHANNEL, lambda number: number < count, otherwise="this is the first one")


def link(run: Run, found: "History", now: EpochFilters, number: int) -> dict[str, str] | None:
    """The address of a filter's channel on the Activations page, at this epoch if it was kept, or the newest."""
    if not found.files:
        return None
    epoch = now.epoch if now.epoch in found.files else max(found.files)
    address: dict[Parameter[Any], Any] = {
        RUN: run.id, SNAPSHOT: found.files[epoch].stem, LAYER: now.filters.layer.name, CHANNEL: number
    }  # fmt: skip
    return selection.link(address) | {"words": f"epoch {epoch}"}


def legend(now: EpochFilters) -> str:
    """How many filters are dead or near-duplicates, in words, with the colours of their marks."""
    found = now.redundancy
    named = (("dead", "orange", found.dead), ("near-duplicates", "green", found.duplicate))
    there = ", ".join(f"{name} in {colour}" for name, colour, marked in named if marked.any())
    some = now.filters.layer.count > len(found.norms)
    of = f" (of the first {len(found.norms)} of {now.filters.layer.count:,}, which are kept for every epoch)"
    return f"**{found.in_words()}**" + (of if some else "") + (f" · marked {there}" if there else "")


def side_by_side(
    before: EpochFilters | None, now: EpochFilters, *, order: NDArray[np.intp], per: str, selected: int | None
) -> int | None:
    """The filter that was just chosen, if one was; draws both epochs in the same order."""
    picked = None
    draw = _tiles if now.filters.layer.tiled else _matrix
    places = [st.container(), st.container()] if now.imported else st.columns(2)
    for place, shown, name in zip(places, (before, now), ("untrained", "trained"), strict=True):
        with place:
            if shown is None and now.imported:
                continue
            if shown is None:
                st.caption("The weights of epoch 0 were not kept for this layer.")
                continue
            found = draw(shown, key=f"filters {name}", order=order, per=per, selected=selected)
            picked = picked if found is None else found
    return picked


def _tiles(
    shown: EpochFilters, *, key: str, order: NDArray[np.intp], per: str, selected: int | None
) -> int | None:
    layer, weights = shown.filters.layer, shown.filters.weights
    drawn = mosaic(weights[order], each=per == "channel", tile=max(weights.shape[2:]), gap=0)
    middle = "grey is zero" if layer.colour else "white is zero, red positive, blue negative"
    st.caption(f"{shown.title}: {scale_in_words(drawn.scale, 'filter')}, {middle}")
    labels = [_label(shown, number) for number in order.tolist()]
    what = "first-layer filters" if layer.first else f"filters of {layer.name}"
    found = sprite(
        drawn,
        key=key,
        tile=56 if max(weights.shape[2:]) > 16 else 64 if len(weights) <= 128 else 36,
        labels=labels,
        marks=[shown.marks[number] for number in order],
        selected=_place(order, selected),
        choice=True,
        alt=f"{len(weights)} {what}, {shown.title}. Arrow keys walk, Enter chooses one",
    )
    return None if found is None else int(order[found])


def _matrix(
    shown: EpochFilters, *, key: str, order: NDArray[np.intp], per: str, selected: int | None
) -> int | None:
    layer, weights = shown.filters.layer, shown.filters.weights
    single = weights.shape[2:] == (1, 1)
    drawn = matrix(strengths(weights[order]), each=per == "channel")
    what = "weight" if single else "norm"
    of_group = " of its group" if layer.groups > 1 else ""
    st.caption(
        f"{shown.title}: a row a filter, a column an input channel{of_group}, "
        f"{'its weight' if single else 'the norm of the kernel'}, {scale_in_words(drawn.scale, 'filter')}, "
        + (
            "white is zero, red positive, blue negative"
            if drawn.scale.signed
            else "violet is low, yellow high"
        )
    )
    found = kernel_matrix(
        drawn,
        key=key,
        what=what,
        names=order.tolist(),
        inputs=[layer.inputs_of(number).start for number in order.tolist()] if layer.groups > 1 else None,
        notes=[shown.notes[number] for number in order],
        marks=[shown.marks[number] for number in order],
        selected=_place(order, selected),
        alt=f"{what.capitalize()} of each of {len(weights)} × {weights.shape[1]} kernels of {layer.name}, "
        f"{shown.title}. Arrow keys walk, Enter chooses a filter",
    )
    return None if found is None else int(order[found])


def scale_in_words(scale: Scale, what: str) -> str:
    """The range of a picture's colours, and which of its parts share it."""
    low, high = (decimal(value) for value in (scale.low, scale.high))
    if scale.shared:
        words = f"{low} to {high}, one scale for all {what}s"
    else:
        words = f"each {what} on a scale of its own within {low} to {high}"
    return words + (f", {scale.not_finite:,} values not finite (magenta)" if scale.not_finite else "")


def _label(shown: EpochFilters, number: int) -> str:
    note = shown.notes[number]
    return f"filter {number}: norm {shown.redundancy.norms[number]:.3g}" + (f" ({note})" if note else "")


def _place(order: NDArray[np.intp], number: int | None) -> int | None:
    found = np.flatnonzero(order == number)
    return int(found[0]) if len(found) else None


def explanation() -> None:
    """What the page shows, behind a button."""
    with st.popover("What am I looking at?", icon=":material/help:", type="tertiary"):
        st.markdown(
            "A filter of the first layer is a tile: the pattern of pixels it answers to most. Untrained, it is noise. "
            "Trained ones become edges, colour contrasts and blobs; tiles that stay noise, or fade to the colour of "
            "zero, have learnt nothing.\n\n"
            "A filter of a deeper layer has a kernel for each input channel, too many to see at once: the picture has "
            "one square a kernel, and says how strong it is. A bright row is a long filter, a bright column an input "
            "that many filters read, a dark one an input that none does. Choose a row for its kernels.\n\n"
            "**Dead**: the norm is at most 1 % of the layer's largest (filters ranked by norm: Li et al. 2017), or the "
            "weight of the batch norm behind it is (Liu et al. 2017). Told from the weights alone: a filter that no "
            "image excites is not found here, but on the Activations page. **Near-duplicate**: another living filter "
            "that reads the same input has a cosine of 0.95 or more with it; both count.\n\n"
            "The order is that of the newest epoch, so that a filter keeps its place when the epoch changes. "
            "By similarity: each filter is followed by the most similar one that is left. "
            "The two pictures have scales of their own."
        )
