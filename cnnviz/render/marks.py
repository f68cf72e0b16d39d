"""How the points of a map are told apart: by colour and by shape, and what each stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.colour import VIRIDIS

DISC, RING, TRIANGLE, SQUARE, CROSS = range(5)
"""Shapes. A cross is an image that was taken for another class, whatever the colours say."""
INK = "ink"
"""In the place of a colour: that of the text, black on white."""
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", INK)
# Eight colours are as many as are told apart at a glance. A ninth class begins with the first colour again in another
# shape, so that no two classes of the first 32 share both; none is a ninth colour between two of the eight.
_SHAPES = (DISC, RING, TRIANGLE, SQUARE)


@dataclass(frozen=True)
class Entry:
    """One line of the legend."""

    name: str
    colour: int
    """Number in `Marks.palette`."""
    shape: int
    count: int


@dataclass(frozen=True, eq=False)
class Marks:
    """How N points are drawn."""

    palette: tuple[str, ...]
    """Colours as #rrggbb, or INK."""
    colours: NDArray[np.int64]
    """Number of each point's colour: (N,)."""
    shapes: NDArray[np.int64]
    """(N,); crosses are drawn last, on top."""
    entries: tuple[Entry, ...]
    """The legend; none where colours are a scale."""
    groups: NDArray[np.int64]
    """Number of each point's entry, −1 for none: (N,)."""
    scale: tuple[str, str] | None = None
    """What the first and the last colour of the palette stand for, where they are a scale."""


def by_class(labels: NDArray[np.int64], right: NDArray[np.bool_], names: Sequence[str]) -> Marks:
    """A colour and a shape a class, those of the labels."""
    classes = np.arange(len(names))
    colour, shape = classes % len(OKABE_ITO), np.array(_SHAPES)[classes // len(OKABE_ITO) % len(_SHAPES)]
    counts = np.bincount(labels, minlength=len(names))
    there = np.flatnonzero(counts).tolist()
    place = np.full(len(names), -1)
    place[there] = np.arange(len(there))
    return Marks(
        palette=OKABE_ITO,
        colours=colour[labels],
        shapes=np.where(right, shape[labels], CROSS),
        entries=tuple(Entry(names[n], int(colour[n]), int(shape[n]), int(counts[n])) for n in there),
        groups=place[labels],
    )


def by_outcome(right: NDArray[np.bool_]) -> Marks:
    """Right in blue, wrong in vermilion."""
    wrong = (~right).astype(np.int64)
    count = int(wrong.sum())
    return Marks(
        palette=OKABE_ITO[:2],
        colours=wrong,
        shapes=np.where(right, DISC, CROSS),
        entries=(Entry("right", 0, DISC, len(right) - count), Entry("wrong", 1, CROSS, count)),
        groups=wrong,
    )


def by_confidence(sureness: NDArray[np.floating], right: NDArray[np.bool_], classes: int) -> Marks:
    """Viridis from one in so many classes, the least that the likeliest one can have, to certain."""
    low = 1 / classes
    share = np.clip((sureness - low) / (1 - low or 1), 0, 1)
    return Marks(
        palette=tuple("#{:02x}{:02x}{:02x}".format(*colour) for colour in VIRIDIS),
        colours=np.rint(share * (len(VIRIDIS) - 1)).astype(np.int64),
        shapes=np.where(right, DISC, CROSS),
        entries=(),
        groups=np.full(len(right), -1),
        scale=(f"{100 * low:.0f} %", "100 %"),
    )
