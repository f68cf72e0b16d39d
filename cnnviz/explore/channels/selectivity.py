"""How much a channel answers to one class rather than to all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def class_selectivity(
    means: NDArray[np.floating], labels: NDArray[np.integer], classes: int
) -> NDArray[np.float64]:
    """(best − rest) / (best + rest) of each channel: (C,), 0 answers to all classes alike, 1 to one class only.

    `means` (N, C) are each image's mean of the positive part of a map, so none is negative. `best` is the
    largest mean of a class, `rest` the mean over the other classes that have images. NaN for a channel that is
    silent, or where fewer than two classes have images.
    Source: Morcos et al. 2018, On the importance of single directions for generalization.
    """
    counts = np.bincount(labels, minlength=classes)
    there = counts > 0
    sums = np.zeros((classes, means.shape[1]))
    np.add.at(sums, labels, means.astype(np.float64))
    by_class = sums[there] / counts[there, None]
    if len(by_class) < 2:
        return np.full(means.shape[1], np.nan)
    best = by_class.max(axis=0)
    rest = (by_class.sum(axis=0) - best) / (len(by_class) - 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: NDArray[np.float64] = (best - rest) / (best + rest)
    return found
