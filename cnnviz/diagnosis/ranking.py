"""Where the right class stands, and which images to look at first."""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer]
Probabilities = NDArray[np.floating]


def top_k_accuracy(labels: Labels, probabilities: Probabilities, k: int) -> float:
    """Share of images whose class is among the `k` likeliest, of probabilities (N, K); of equals the first counts."""
    own = np.take_along_axis(probabilities, labels[:, None], axis=1)
    before = np.arange(probabilities.shape[1]) < labels[:, None]
    ahead = (probabilities > own) | ((probabilities == own) & before)
    return float((ahead.sum(1) < k).mean())


def entropy(probabilities: Probabilities) -> NDArray[np.float64]:
    """How undecided each row is, (N,): 0 for one class alone to 1 for all alike (entropy over ln K)."""
    shares = probabilities.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        nats = -np.where(shares > 0, shares * np.log(shares), 0).sum(1)
    found: NDArray[np.float64] = np.clip(nats / np.log(max(2, shares.shape[1])), 0, 1)
    return found


def margin(probabilities: Probabilities) -> NDArray[np.float64]:
    """How far the likeliest class is ahead of the second, (N,), 0 to 1."""
    if probabilities.shape[1] < 2:
        return np.ones(len(probabilities))
    two = np.partition(probabilities.astype(np.float64), -2, axis=1)[:, -2:]
    return two[:, 1] - two[:, 0]


def surest_mistakes(labels: Labels, probabilities: Probabilities) -> NDArray[np.intp]:
    """Places of the images that are taken for another class, surest first."""
    wrong = np.flatnonzero(probabilities.argmax(1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(1), kind="stable")]


def least_sure(probabilities: Probabilities, *, by: str = "entropy") -> NDArray[np.intp]:
    """Places of all images, the most undecided first: by largest entropy, or by smallest margin."""
    return np.argsort(-entropy(probabilities) if by == "entropy" else margin(probabilities), kind="stable")
