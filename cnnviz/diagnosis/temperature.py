"""One number that makes a network as sure as it should be (Guo et al. 2017)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.diagnosis.calibration import BINS, Calibration, calibration

COOLEST, HOTTEST = 0.05, 20.0
"""Between these a temperature is looked for."""
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Scaling:
    """A temperature found on one half of the images, judged on the other."""

    temperature: float
    """Above 1 the network was too sure, below 1 not sure enough."""
    at_bound: bool
    """No best value was found between `COOLEST` and `HOTTEST`: where every image is right, say."""
    fitted_on: int
    before: Calibration
    after: Calibration
    """Both of the other half."""


def scaled(probabilities: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Probabilities (N, K) at a temperature: softmax of the logits divided by it. No guess changes."""
    logits = _logits(probabilities) / temperature
    return np.exp(logits - _log_sums(logits)[:, None])


def best_temperature(labels: NDArray[np.integer], probabilities: NDArray[np.floating]) -> float:
    """The temperature at which the true classes (N,) are likeliest, `COOLEST` to `HOTTEST`.

    The loss is convex in 1 / temperature, so that a golden-section search finds it, to a millionth.
    """
    logits = _logits(probabilities)
    own = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]

    def loss(inverse: float) -> float:
        return float((_log_sums(logits * inverse) - own * inverse).mean())

    low, high = 1 / HOTTEST, 1 / COOLEST
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > 1e-6 * low:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    middle = (low + high) / 2
    # Where every image is right, ever smaller losses soon are all 0.
    return 1 / min((1 / HOTTEST, 1 / COOLEST, middle), key=lambda inverse: (loss(inverse), inverse == middle))


def scaling(
    labels: NDArray[np.integer], probabilities: NDArray[np.floating], *, bins: int = BINS, seed: int = 0
) -> Scaling | None:
    """What a temperature does for images that it was not fitted on; None for fewer than two images."""
    if len(labels) < 2:
        return None
    order = np.random.default_rng(seed).permutation(len(labels))
    fit, judge = order[: len(order) // 2], order[len(order) // 2 :]
    temperature = best_temperature(labels[fit], probabilities[fit])
    return Scaling(
        temperature=temperature,
        at_bound=not COOLEST * 1.001 < temperature < HOTTEST / 1.001,
        fitted_on=len(fit),
        before=calibration(labels[judge], probabilities[judge], bins=bins),
        after=calibration(labels[judge], scaled(probabilities[judge], temperature), bins=bins),
    )


def _logits(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Logits that give these probabilities, up to a constant a row that no softmax sees."""
    smallest = np.finfo(np.float32).tiny
    return np.log(np.maximum(probabilities.astype(np.float64), smallest))


def _log_sums(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the sum of the exponentials of each row: (N,)."""
    top = logits.max(1)
    found: NDArray[np.float64] = top + np.log(np.exp(logits - top[:, None]).sum(1))
    return found
