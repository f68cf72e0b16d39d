"""All layers of a network at a glance, for one image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from cnnviz.explore.activations.activation_maps import layer_maps


@dataclass(frozen=True, eq=False)
class LayerOverview:
    """One layer for one image."""

    picture: NDArray[np.float32]
    """Mean over the channels, (H, W); where a map is one cell, as of units, the values themselves: (1, C)."""
    silent: float
    """Share of channels that are zero everywhere, 0 to 1."""
    low: float
    """Smallest finite value of the layer; 0 if there is none."""
    high: float
    """Largest finite value."""


def overview(model: nn.Module, image: NDArray[np.float32]) -> dict[str, LayerOverview]:
    """Every layer for one normalised image (C, H, W), by one pass, in the order of running.

    Raises ImageError for another shape.
    """
    return {name: _glance(maps) for name, maps in layer_maps(model, image).items()}


def _glance(maps: NDArray[np.float32]) -> LayerOverview:
    flat = maps.reshape(len(maps), -1)
    finite = flat if np.isfinite(flat.sum()) else flat[np.isfinite(flat)]
    with np.errstate(invalid="ignore", over="ignore"):
        mean = maps.mean(axis=0)
    return LayerOverview(
        picture=flat.T if flat.shape[1] == 1 else mean,
        silent=float((~flat.any(axis=1)).mean()),
        low=float(finite.min()) if finite.size else 0.0,
        high=float(finite.max()) if finite.size else 0.0,
    )
