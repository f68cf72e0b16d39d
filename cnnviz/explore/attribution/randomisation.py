"""Does a map change when what the network has learnt is destroyed, layer by layer? (Adebayo et al. 2018)"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cnnviz.explore.layers.capture import lock_of
from cnnviz.explore.layers.structure import Layer
from cnnviz.progress import Progress, Work

_WITH_WEIGHTS = (nn.modules.conv._ConvNd, nn.Linear)


@dataclass(frozen=True)
class Destroyed:
    """How like the original a map still is, once all layers from the last to this one hold noise."""

    layer: str
    layers: int
    """Layers that hold noise by then."""
    correlation: float
    """Of the ranks of |values| (Spearman), −1 to 1; NaN where a map is flat."""
    map: NDArray[np.float32]
    """(H, W), of the network as it then is."""


def cascade(
    model: nn.Module,
    listed: list[Layer],
    explain: Callable[[nn.Module], NDArray[np.float32]],
    original: NDArray[np.float32],
    *,
    steps: int = 6,
    seed: int = 0,
) -> Work[list[Destroyed]]:
    """Yields how much is done; ends with the map's likeness to `original` (H, W) after each of about `steps` depths.

    The weights of a copy are replaced from the last layer (of `listed`, in the order of running) to the first, by
    normal noise of the same mean and spread; batch norms keep theirs. `explain` gives the map (H, W) of a network.
    """
    with lock_of(model):
        broken = copy.deepcopy(model)
    names = list(dict.fromkeys(layer.name.partition(":")[0] for layer in listed))
    modules = dict(broken.named_modules())
    weighted = [name for name in names if isinstance(modules[name], _WITH_WEIGHTS)][::-1]
    shown = set(np.unique(np.round(np.linspace(1, len(weighted), steps)).astype(int))) if weighted else set()
    random = torch.Generator().manual_seed(seed)
    found: list[Destroyed] = []
    for number, name in enumerate(weighted, start=1):
        _destroy(modules[name], random)
        if number in shown:
            yield Progress(len(found) / len(shown))
            map_ = explain(broken)
            found.append(Destroyed(name, number, rank_correlation(np.abs(original), np.abs(map_)), map_))
    return found


def rank_correlation(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Spearman's correlation of two arrays of one shape, −1 to 1; equal values share a rank. NaN if one is flat."""
    one, two = (_ranks(values) for values in (first, second))
    one, two = one - one.mean(), two - two.mean()
    size = float(np.sqrt((one**2).sum() * (two**2).sum()))
    return float((one * two).sum()) / size if size > 0 else float("nan")


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    _, place, counts = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    found: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return found


def _destroy(module: nn.Module, random: torch.Generator) -> None:
    with torch.no_grad():
        for value in module.parameters(recurse=False):
            spread = value.std() if value.numel() > 1 else value.abs().mean()
            value.copy_(value.mean() + spread * torch.randn(value.shape, generator=random))
