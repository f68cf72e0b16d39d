"""Where a plain CNN pads and pools: weights don't tell, but the size of the maps that its linear layer reads does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from cnnviz.config import Cnn

Padding = Literal["same", "none", "first"]
_PADDINGS: tuple[Padding, ...] = ("same", "none", "first")
_EVERY_WAY = 10
"""Convolutions up to which every choice of poolings is looked at; with more, only those that are spread evenly."""


@dataclass(frozen=True)
class Layout:
    """Images of `side` × `side`, padding and poolings that end in the right number of cells."""

    side: int
    padding: Padding
    pool_after: tuple[int, ...]

    def __str__(self) -> str:
        padded = {"same": "padded", "none": "unpadded", "first": "only the first padded"}[self.padding]
        pools = f"pooling after {', '.join(map(str, self.pool_after))}" if self.pool_after else "no pooling"
        return f"{self.side} × {self.side}, convolutions {padded}, {pools}"


def layout_of(network: Cnn, side: int) -> Layout:
    """What `network` does with images of that side."""
    return Layout(side, network.padding, network.pool_after)


def layouts(network: Cnn, *, cells: int, sides: Iterable[int]) -> list[Layout]:
    """Every layout of the convolutions in `network` whose last maps are `cells` × `cells`, the likeliest first.

    Likely is one padding for all, a side that comes early in `sides`, and poolings that are spread evenly.
    """
    order = list(dict.fromkeys(sides))
    convs = len(network.convs)
    even = {count: _spread(count, convs) for count in range(convs + 1)}
    fitting = [
        Layout(side, padding, pools)
        for padding in _PADDINGS
        if network.kernel % 2 or padding == "none"
        for pools in _poolings(convs, even)
        for side in order
        if _cells(side, padding, pools, convs=convs, kernel=network.kernel) == cells
    ]
    return sorted(
        fitting,
        key=lambda one: (
            one.padding == "first",
            order.index(one.side),
            _PADDINGS.index(one.padding),
            one.pool_after != even[len(one.pool_after)],
            one.pool_after,
        ),
    )


def _poolings(convs: int, even: dict[int, tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    if convs > _EVERY_WAY:
        yield from even.values()
        return
    for count in range(convs + 1):
        yield from combinations(range(1, convs + 1), count)


def _cells(side: int, padding: Padding, pools: tuple[int, ...], *, convs: int, kernel: int) -> int:
    """Cells across the last maps; 0 or less where nothing is left."""
    for number in range(1, convs + 1):
        if padding == "none" or (padding == "first" and number > 1):
            side -= kernel - 1
        if side < 1:
            return 0
        if number in pools:
            side //= 2
    return side


def _spread(pools: int, convs: int) -> tuple[int, ...]:
    """After which convolutions: evenly, the last one among them."""
    return tuple(sorted({convs - round(number * convs / pools) for number in range(pools)})) if pools else ()
