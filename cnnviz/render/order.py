"""In which order the maps of a layer are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.float32]


def _flat(maps: Maps) -> NDArray[np.float64]:
    return maps.reshape(len(maps), -1).astype(np.float64)


MEASURES: Mapping[str, Callable[[Maps], NDArray[np.float64]]] = {
    "mean": lambda maps: _flat(maps).mean(axis=1),
    "maximum": lambda maps: _flat(maps).max(axis=1),
    "variance": lambda maps: _flat(maps).var(axis=1),
}
"""What maps (C, H, W) can be sorted by: a number for each, (C,)."""


def largest_first(measured: NDArray[np.floating]) -> NDArray[np.intp]:
    """Numbers of the channels by a measure (C,), the largest first; equal ones keep their order, NaN comes last."""
    return np.argsort(-measured, kind="stable")
