"""Filters that a network could do without: dead ones, and near-duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.explore.filters.similarity import cosines, nearest, norms
from cnnviz.explore.filters.weights import Filters

DEAD = 0.01
"""A filter is dead if its norm, or the weight of its batch norm, is at most this part of the layer's largest."""
NEAR = 0.95
"""A filter is a near-duplicate if another one has at least this cosine with it."""


@dataclass(frozen=True)
class Redundancy:
    """What is known of each filter of a layer; all arrays are (F,)."""

    norms: NDArray[np.float64]
    """Euclidean norm of its weights."""
    short: NDArray[np.bool_]
    """Dead by its norm: at most `DEAD` of the layer's largest."""
    silenced: NDArray[np.bool_]
    """Dead by its batch norm: |weight| at most `DEAD` of the layer's largest."""
    nearest: NDArray[np.intp]
    """The living filter of its group that is most similar to it; −1 for none."""
    cosine: NDArray[np.float64]
    """Their cosine, −1 to 1; NaN for none."""

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Whether each adds next to nothing to what the next layer reads."""
        return self.short | self.silenced

    @property
    def duplicate(self) -> NDArray[np.bool_]:
        """Whether each has another one that points the same way: both of a pair count."""
        return np.nan_to_num(self.cosine, nan=-1) >= NEAR

    def in_words(self) -> str:
        """2 of 64 dead, 3 near-duplicates (cosine ≥ 0.95)."""
        twins = int(self.duplicate.sum())
        return (
            f"{int(self.dead.sum()):,} of {len(self.norms):,} dead, "
            f"{twins:,} near-duplicate{'' if twins == 1 else 's'} (cosine ≥ {NEAR})"
        )


def redundancy(filters: Filters) -> Redundancy:
    """Which filters of a layer are dead, and which is most similar to each.

    Dead means here, by the weights alone: the norm is at most 1 % of the layer's largest (Li et al. 2017, Pruning
    Filters for Efficient ConvNets, rank filters by norm), or a batch norm follows whose weight is at most 1 % of
    the layer's largest (Liu et al. 2017, Network Slimming). A filter that no input excites is not found so.
    Dead filters point nowhere in particular: they are not compared with others.
    """
    lengths = norms(filters.weights)
    short = _small(lengths)
    norm = filters.batch_norm
    silenced = np.zeros(len(lengths), bool) if norm is None else _small(np.abs(norm.weight[: len(lengths)]))
    alive = ~(short | silenced)
    similarity = cosines(filters.weights)
    similarity[~alive] = np.nan
    similarity[:, ~alive] = np.nan
    number, value = nearest(similarity, groups=filters.layer.groups)
    return Redundancy(norms=lengths, short=short, silenced=silenced, nearest=number, cosine=value)


def table(filters: Filters, found: Redundancy, order: NDArray[np.intp]) -> list[dict[str, Any]]:
    """A row a filter, in the given order: its figures by name, None where there is none."""
    norm = filters.batch_norm
    return [
        {
            "filter": number,
            "norm": float(found.norms[number]),
            "bias": None if filters.bias is None else float(filters.bias[number]),
            "batch_norm_weight": None if norm is None else float(norm.weight[number]),
            "batch_norm_bias": None if norm is None else float(norm.bias[number]),
            "running_mean": None if norm is None else float(norm.mean[number]),
            "running_variance": None if norm is None else float(norm.variance[number]),
            "nearest": None if found.nearest[number] < 0 else int(found.nearest[number]),
            "cosine": None if found.nearest[number] < 0 else float(found.cosine[number]),
            "dead": bool(found.dead[number]),
            "near_duplicate": bool(found.duplicate[number]),
        }
        for number in order.tolist()
    ]


def _small(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    finite = values[np.isfinite(values)]
    largest = float(finite.max()) if len(finite) else 0.0
    with np.errstate(invalid="ignore"):
        found: NDArray[np.bool_] = values <= DEAD * largest
    return found
