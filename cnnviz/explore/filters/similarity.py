"""How alike the filters of a layer are, and orders that put what belongs together side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.registry import Entry

Weights = NDArray[np.floating[Any]]


def norms(weights: Weights) -> NDArray[np.float64]:
    """Euclidean (L2) norm of each filter: (F,), of weights (F, …)."""
    found: NDArray[np.float64] = np.sqrt(np.square(_rows(weights)).sum(axis=1))
    return found


def cosines(weights: Weights) -> NDArray[np.float64]:
    """Cosine of the angle between any two filters (F, …): (F, F), −1 to 1; NaN with one that is zero or not finite."""
    rows = np.asarray(weights, np.float32).reshape(len(weights), -1)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        # Scaled by the largest value first, so that squares of tiny ones are not lost.
        rows = rows / np.abs(rows).max(axis=1, keepdims=True)
        rows /= np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
        found: NDArray[np.float64] = (rows @ rows.T).astype(np.float64).clip(-1, 1)
    return found


def nearest(
    similarity: NDArray[np.float64], *, groups: int = 1
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The most similar other filter of each, and its cosine: both (F,); −1 and NaN where there is none.

    Filters of different groups read different input channels, so they are not compared. Of equal ones, the
    lowest number is taken.
    """
    count = len(similarity)
    group = np.arange(count) // max(1, count // groups)
    others = np.where(group[:, None] == group[None, :], similarity, np.nan)
    np.fill_diagonal(others, np.nan)
    known = np.where(np.isnan(others), -np.inf, others)
    number = known.argmax(axis=1) if count else np.zeros(0, np.intp)
    value = known[np.arange(count), number]
    there = np.isfinite(value)
    return np.where(there, number, -1), np.where(there, value, np.nan)


def chain(weights: Weights) -> NDArray[np.intp]:
    """Numbers of the filters, each followed by the most similar one that is left; begins with the longest.

    A greedy walk by cosine: neighbours are alike, the far ends need not be unlike. Of equal ones the lowest
    number is next; filters that are zero or not finite come last.
    """
    similarity = cosines(weights)
    usable = np.isfinite(np.diagonal(similarity))
    order: list[int] = []
    left = usable.copy()
    if usable.any():
        lengths = np.where(usable, norms(weights), -1)
        order.append(int(lengths.argmax()))
        left[order[0]] = False
    while left.any():
        order.append(int(np.where(left, similarity[order[-1]], -2).argmax()))
        left[order[-1]] = False
    return np.array([*order, *np.flatnonzero(~usable)], np.intp)


def by_norm(weights: Weights) -> NDArray[np.intp]:
    """Numbers of the filters, the longest first; equal ones keep their order, NaN comes last."""
    return np.argsort(-norms(weights), kind="stable")


def by_index(weights: Weights) -> NDArray[np.intp]:
    """Numbers of the filters, as they are."""
    return np.arange(len(weights))


@dataclass(frozen=True)
class FilterOrder(Entry):
    """One way to put filters in order."""

    of: Callable[[Weights], NDArray[np.intp]]
    """A permutation of the numbers of the filters, the same for equal weights."""


ORDERS: Mapping[str, FilterOrder] = {
    "index": FilterOrder("Index", by_index),
    "norm": FilterOrder("Norm", by_norm),
    "similarity": FilterOrder("Similarity", chain),
}


def _rows(weights: Weights) -> NDArray[np.float64]:
    return np.asarray(weights, np.float64).reshape(len(weights), -1)
