"""How far two sets of maps lie apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Difference:
    """Maps B against maps A, both (C, H, W); values that are not finite take no part."""

    maps: NDArray[np.float32]
    """B − A: (C, H, W)."""
    by_channel: NDArray[np.float64]
    """Mean of |B − A| of each channel: (C,)."""
    mean: float
    """Mean of |B − A| over all values."""
    correlation: float
    """Pearson's correlation of all values, −1 to 1; NaN where one side is the same everywhere."""


def difference(first: NDArray[np.float32], second: NDArray[np.float32]) -> Difference:
    """What changes from `first` to `second`. Raises ValueError for different shapes."""
    if first.shape != second.shape:
        raise ValueError(f"Maps of {first.shape} and {second.shape} have no difference: take equal shapes.")
    with np.errstate(invalid="ignore"):
        maps = second - first
    finite = np.isfinite(maps)
    distance = np.where(finite, np.abs(maps), 0).astype(np.float64).reshape(len(maps), -1)
    counts = finite.reshape(len(maps), -1).sum(axis=1)
    a, b = first[finite].astype(np.float64), second[finite].astype(np.float64)
    varied = a.size > 1 and a.std() > 0 and b.std() > 0
    return Difference(
        maps=maps,
        by_channel=distance.sum(axis=1) / np.maximum(counts, 1),
        mean=float(distance.sum() / max(1, counts.sum())),
        correlation=float(np.corrcoef(a, b)[0, 1]) if varied else float("nan"),
    )
