"""How much of the class can be read off a layer by a linear classifier: a linear probe."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnviz.formatting import standard_error

STRENGTHS = tuple(10.0**power for power in range(-1, 6))
"""Of regularisation; the leave-one-out error on the images that it is fitted on chooses among them."""


@dataclass(frozen=True)
class LinearProbe:
    """The score of a linear classifier on features of images that it was not fitted on."""

    accuracy: float
    error: float
    """Standard error: binomial, from the number of images."""


def probe(features: NDArray[np.floating], labels: NDArray[np.integer]) -> LinearProbe | None:
    """Fitted on one half of the images, scored on the other, and the other way round, so that each counts once.

    `features` (N, C) are standardised; the classifier is ridge regression on one target a class (1 or −1), in
    closed form: nothing is drawn at random. None where a half has fewer than two classes, or a feature is not finite.
    Source: Alain and Bengio 2016, Understanding intermediate layers using linear classifier probes.
    """
    first = halves(labels)
    if min(len(np.unique(labels[half])) if half.any() else 0 for half in (first, ~first)) < 2:
        return None
    if not np.isfinite(features).all():
        return None
    right = sum(_right(features, labels, fitted) for fitted in (first, ~first))
    accuracy = right / len(labels)
    return LinearProbe(accuracy, standard_error(accuracy, len(labels)))


def halves(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which images make the first half: every other one of each class, (N,)."""
    first = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        first[np.flatnonzero(labels == label)[::2]] = True
    return first


def _right(features: NDArray[np.floating], labels: NDArray[np.integer], fitted: NDArray[np.bool_]) -> int:
    """Number of the other images that the classifier gets right."""
    seen = features[fitted].astype(np.float64)
    middle, scale = seen.mean(0), seen.std(0)
    scale[scale < 1e-12] = 1  # a channel that is the same for all images says nothing
    names = np.unique(labels[fitted])
    targets = torch.from_numpy(np.where(labels[fitted][:, None] == names, 1.0, -1.0))
    # Torch, because it keeps to the number of threads that the app has set.
    inputs = torch.from_numpy((seen - middle) / scale)
    weights = _ridge(inputs, targets - targets.mean(0))
    others = torch.from_numpy((features[~fitted] - middle) / scale)
    told = (others.double() @ weights + targets.mean(0)).argmax(1).numpy()
    return int((names[told] == labels[~fitted]).sum())


def _ridge(inputs: Tensor, targets: Tensor) -> Tensor:
    """Weights (C, K) for centred `inputs` (N, C) and `targets` (N, K), of the strength that predicts best."""
    wide = len(inputs) <= inputs.shape[1]
    values, vectors = torch.linalg.eigh(inputs @ inputs.T if wide else inputs.T @ inputs)
    kept = values > 1e-10 * values[-1].clamp_min(1e-300)
    values, vectors = values[kept], vectors[:, kept]
    basis = vectors if wide else inputs @ vectors / values.sqrt()
    along = basis.T @ targets

    def left_out(strength: float) -> float:
        shrunk = values / (values + strength)
        own = (basis**2 @ shrunk) + 1 / len(inputs)  # the mean, too, would do without the image
        return float((((targets - basis @ (shrunk[:, None] * along)) / (1 - own)[:, None]) ** 2).sum())

    best = min(STRENGTHS, key=left_out)
    weights: Tensor = inputs.T @ (basis @ (along / (values + best)[:, None]))
    return weights
