"""Intervals of pixels, one for each row or column of a map, where a window does not move evenly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

Span = tuple[int, int]
"""First and last pixel."""
NOTHING: Span = (10**9, -(10**9))
"""Of a cell that does not come from the image."""


def spanned(spans: Sequence[Span], groups: Iterable[Iterable[int]]) -> tuple[Span, ...]:
    """What cells see that are made of groups of cells, given by number; one that is not there sees nothing."""
    found = []
    for group in groups:
        seen = [spans[at] for at in group if 0 <= at < len(spans)]
        found.append(
            (
                min((one[0] for one in seen), default=NOTHING[0]),
                max((one[1] for one in seen), default=NOTHING[1]),
            )
        )
    return tuple(found)


def regular(spans: Sequence[Span]) -> int | None:
    """The stride from one to the next; None where they are not all of one size and stride."""
    sizes = {last - first for first, last in spans}
    strides = {after[0] - before[0] for before, after in pairwise(spans)} or {1}
    return strides.pop() if len(sizes) == len(strides) == 1 else None


def window_groups(count: int, side: int, shift: int) -> list[list[int]]:
    """The cells that each of `count` attends to, in windows of `side` cells, shifted by `shift` (Liu et al. 2021).

    What a shift rolls in from the other end is masked, and so is apart.
    """
    padded = -(-count // side) * side
    if side >= padded:
        shift = 0
    edges = sorted({0, *range(shift, padded, side), padded}) if shift else list(range(0, padded + 1, side))
    groups: list[list[int]] = []
    for first, end in pairwise(edges):
        window = list(range(first, min(end, count)))
        groups += [window] * len(window)
    return groups
