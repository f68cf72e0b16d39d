"""Whether a network is right as often as it says it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.formatting import standard_error

BINS = 15


@dataclass(frozen=True)
class Bin:
    """Images whose likeliest class has a probability in (low, high]; the first bin holds `low`, too."""

    low: float
    high: float
    count: int
    confidence: float
    """Mean probability of the likeliest class."""
    accuracy: float
    error: float
    """Standard error of the accuracy (binomial)."""


@dataclass(frozen=True)
class Calibration:
    """Said against seen, over images in bins of equal width (Guo et al. 2017)."""

    bins: tuple[Bin, ...]
    """Those that hold images, in order."""
    of: int
    """Number of bins from 0 to 1, empty ones included."""
    images: int
    ece: float
    """Expected calibration error: mean gap between accuracy and confidence, bins weighted by their images."""
    mce: float
    """Largest gap in any bin; of a bin with few images it is mostly chance."""
    nll: float
    """Mean negative log-likelihood of the true class, in nats."""


def calibration(
    labels: NDArray[np.integer], probabilities: NDArray[np.floating], *, bins: int = BINS
) -> Calibration:
    """The calibration of probabilities (N, K) for classes (N,). Needs an image and a bin."""
    shares = probabilities.astype(np.float64)
    sure = shares.max(1)
    right = shares.argmax(1) == labels
    edges = np.linspace(0, 1, bins + 1)
    which = np.searchsorted(edges[1:-1], sure)
    found = []
    for number in np.unique(which):
        here = which == number
        count, accuracy = int(here.sum()), float(right[here].mean())
        found.append(
            Bin(
                low=float(edges[number]),
                high=float(edges[number + 1]),
                count=count,
                confidence=float(sure[here].mean()),
                accuracy=accuracy,
                error=standard_error(accuracy, count),
            )
        )
    gaps = [abs(one.accuracy - one.confidence) for one in found]
    own = np.take_along_axis(shares, labels[:, None], axis=1)
    return Calibration(
        bins=tuple(found),
        of=bins,
        images=len(labels),
        ece=float(sum(gap * one.count for gap, one in zip(gaps, found, strict=True)) / len(labels)),
        mce=max(gaps),
        nll=float(-np.log(np.maximum(own, np.finfo(np.float32).tiny)).mean()),
    )
