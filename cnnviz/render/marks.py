"""How the points of a map are told apart: by colour and by shape, and what each stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.colour import BLUE, GREEN, ORANGE, PINK, SKY, VERMILION, VIRIDIS, YELLOW

DISC, RING, TRIANGLE, SQUARE, CROSS = range(5)
"""Shapes. A cross is an image that was taken for another class, whatever the colours say."""
INK = "ink"
"""In the place of a colour: that of the text, black on white."""
OKABE_ITO = (BLUE, VERMILION, GREEN, PINK, ORANGE, SKY, YELLOW, INK)
# A ninth and a tenth class get the grey that R adds to these eight and Tol's purple, and a shape of their own: ships as
# blue rings among blue airplanes could not be told apart where they are many. The next ten classes begin again in
# another shape, so that no two of the first 30 share both.
COLOURS = (*OKABE_ITO, "#999999", "#AA3377")
APART = 3 * len(COLOURS)
"""Classes that colour and shape tell apart."""


def _shape(number: int) -> int:
    if len(OKABE_ITO) <= number < len(COLOURS):
        return RING
    return (DISC, TRIANGLE, SQUARE)[number // len(COLOURS) % 3]


@dataclass(frozen=True)
class LegendEntry:
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
    entries: tuple[LegendEntry, ...]
    """The legend; none where colours are a scale."""
    groups: NDArray[np.int64]
    """Number of each point's entry, −1 for none: (N,)."""
    scale: tuple[str, str] | None = None
    """What the first and the last colour of the palette stand for, where they are a scale."""


def by_class(labels: NDArray[np.int64], right: NDArray[np.bool_], names: Sequence[str]) -> Marks:
    """A colour and a shape a class, those of the labels."""
    colour = np.arange(len(names)) % len(COLOURS)
    shape = np.array([_shape(number) for number in range(len(names))])
    counts = np.bincount(labels, minlength=len(names))
    there = np.flatnonzero(counts).tolist()
    place = np.full(len(names), -1)
    place[there] = np.arange(len(there))
    return Marks(
        palette=COLOURS,
        colours=colour[labels],
        shapes=np.where(right, shape[labels], CROSS),
        entries=tuple(LegendEntry(names[n], int(colour[n]), int(shape[n]), int(counts[n])) for n in there),
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
        entries=(LegendEntry("right", 0, DISC, len(right) - count), LegendEntry("wrong", 1, CROSS, count)),
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
