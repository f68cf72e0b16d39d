"""An image cut into regions of one colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 8
_COMPACT = 0.6
"""Weight of places beside colours: larger gives rounder regions."""


def superpixels(image: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """About `count` regions of an image (C, H, W): (H, W), numbers from 0 without gaps.

    K-means on colour and place that begins with a grid, as in SLIC (Achanta et al. 2012); nothing random.
    """
    channels, height, width = image.shape
    rows = max(1, min(height, round((count * height / width) ** 0.5)))
    columns = max(1, min(width, round(count / rows)))
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    labels = (down * rows // height * columns + across * columns // width).astype(np.int64).ravel()
    side = (height * width / (rows * columns)) ** 0.5
    places = np.stack([down, across]).reshape(2, -1) * (_COMPACT / side)
    colours = image.reshape(channels, -1).astype(np.float32)
    colours = (colours - colours.mean(1, keepdims=True)) / (colours.std() + 1e-6)
    points = np.concatenate([places, colours / channels**0.5]).T
    for _ in range(_ROUNDS):
        sizes = np.bincount(labels, minlength=rows * columns)
        sums = np.stack([np.bincount(labels, one, rows * columns) for one in points.T], 1)
        centres = sums / np.maximum(sizes, 1)[:, None]
        distances = (centres**2).sum(1) - 2 * points @ centres.T
        distances[:, sizes == 0] = np.inf
        found = distances.argmin(1)
        if (found == labels).all():
            break
        labels = found
    numbers: NDArray[np.int64] = (
        np.unique(labels, return_inverse=True)[1].reshape(height, width).astype(np.int64)
    )
    return numbers
