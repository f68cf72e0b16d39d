"""What is taken for what."""

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def confusion(rows: NDArray[np.integer], columns: NDArray[np.integer], classes: int) -> Counts:
    """Numbers of images (K, K) by two answers for each, (N,) both: truth and guess, or two networks' guesses."""
    pairs = np.bincount(rows.astype(np.int64) * classes + columns, minlength=classes * classes)
    return pairs.reshape(classes, classes).astype(np.int64)


def rates(counts: Counts) -> NDArray[np.float64]:
    """Each row of a confusion matrix as shares of that row, 0 to 1; NaN in a row without images."""
    total = counts.sum(1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1), np.nan)


def commonest(counts: Counts, *, most: int) -> list[tuple[int, int, int]]:
    """The commonest confusions, at most `most`: row, column and number of images, largest first; ties by class."""
    off = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    order = np.argsort(-off, axis=None, kind="stable")[:most]
    cells = [(int(at // len(counts)), int(at % len(counts))) for at in order]
    return [(row, column, int(off[row, column])) for row, column in cells if off[row, column]]
