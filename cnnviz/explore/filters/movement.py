"""How far the weights of a layer have gone since the start of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Moved:
    """One layer's weights now, beside those of the start."""

    layer: str
    rotation: float
    """1 − cosine between both, all weights of the layer as one vector: 0 has not turned, 1 is at a right angle."""
    distance: float
    """‖now − start‖ / ‖start‖."""
    norm: float
    """‖now‖, Euclidean."""


def moved(layer: str, start: NDArray[Any], now: NDArray[Any]) -> Moved:
    """How far one layer's weights have gone. NaN where a norm is zero or a weight is not finite.

    The rotation does not see a mere change of length, which a batch norm behind the layer takes back.
    Source: Carbonnelle and De Vleeschouwer 2019, Layer rotation: a surprisingly powerful indicator of generalization.
    """
    before, after = (np.asarray(one, np.float64).ravel() for one in (start, now))
    length, other = float(np.linalg.norm(before)), float(np.linalg.norm(after))
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = np.clip(np.float64(before @ after) / (length * other), -1, 1)
        distance = np.float64(np.linalg.norm(after - before)) / length
    return Moved(layer, rotation=float(1 - cosine), distance=float(distance), norm=other)
