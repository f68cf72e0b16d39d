"""Images whose label may be wrong: confident learning (Northcutt, Jiang and Chuang 2021).

A network that was trained on these images has learnt their errors, too: of test or validation images it says more.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Suspect:
    """An image that the network takes for another class as surely as it takes that class's own images for it."""

    place: int
    """In the arrays that were looked through."""
    label: int
    instead: int
    """The class that it looks like."""
    self_confidence: float
    """Probability of the given label."""
    confidence: float
    """Probability of the other class."""


def thresholds(labels: NDArray[np.integer], probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """How sure the network is of each class, (K,): mean probability over the images labelled so; NaN for none."""
    classes = probabilities.shape[1]
    own = np.take_along_axis(probabilities.astype(np.float64), labels[:, None], axis=1)[:, 0]
    count = np.bincount(labels, minlength=classes)
    total = np.bincount(labels, weights=own, minlength=classes)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def suspects(labels: NDArray[np.integer], probabilities: NDArray[np.floating]) -> tuple[Suspect, ...]:
    """The images to look at, least sure of their own label first. A list to look through, no verdict."""
    shares = probabilities.astype(np.float64)
    reached = shares >= thresholds(labels, probabilities)  # never for a class without images (NaN)
    likeliest = np.where(reached, shares, -1.0).argmax(1)
    found = np.flatnonzero(reached.any(1) & (likeliest != labels))
    own = shares[found, labels[found]]
    return tuple(
        Suspect(
            int(place), int(labels[place]), int(likeliest[place]), float(sure),
            float(shares[place, likeliest[place]]),
        )
        for place, sure in sorted(zip(found, own, strict=True), key=lambda one: (one[1], one[0]))
    )  # fmt: skip
