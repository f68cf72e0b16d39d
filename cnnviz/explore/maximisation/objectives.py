"""What a picture is to excite: one number a picture, made of what layers make of it. They add and subtract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from cnnviz.errors import CnnvizError
from cnnviz.formatting import decimal


@dataclass(frozen=True, eq=False)
class Objective:
    """Something to make as large as possible.

    channel("layer3.0", 5) - 0.5 * channel("layer3.0", 7)
    """

    name: str
    """In words."""
    layers: tuple[str, ...]
    """The layers that have to be looked at."""
    score: Callable[[Mapping[str, Tensor]], Tensor]
    """From outputs of these layers for N pictures to their scores: (N,)."""

    def __add__(self, other: Objective) -> Objective:
        return Objective(
            f"{self.name} + {other.name}",
            (*self.layers, *(layer for layer in other.layers if layer not in self.layers)),
            lambda seen: self.score(seen) + other.score(seen),
        )

    def __sub__(self, other: Objective) -> Objective:
        added = self + -other
        return Objective(f"{self.name} − {other._in_brackets}", added.layers, added.score)

    def __neg__(self) -> Objective:
        return Objective(f"−{self._in_brackets}", self.layers, lambda seen: -self.score(seen))

    def __mul__(self, weight: float) -> Objective:
        return Objective(
            f"{decimal(weight, 'g')} · {self._in_brackets}",
            self.layers,
            lambda seen: weight * self.score(seen),
        )

    __rmul__ = __mul__

    @property
    def _in_brackets(self) -> str:
        compound = any(sign in self.name for sign in (" + ", " − "))
        return f"({self.name})" if compound else self.name


def channel(layer: str, number: int) -> Objective:
    """The mean of the whole map of a channel; of a linear layer, the unit itself.

    Its score raises CnnvizError for a channel that is not there and a layer without channels.
    """
    return Objective(
        f"channel {number} of {layer}",
        (layer,),
        lambda seen: _channel(seen[layer], layer, number).flatten(1).mean(1),
    )


def cell(layer: str, number: int, row: int, column: int) -> Objective:
    """One cell of the map of a channel. Its score raises CnnvizError for one that is not there."""

    def score(seen: Mapping[str, Tensor]) -> Tensor:
        maps = _channel(seen[layer], layer, number)
        height, width = maps.shape[1:]
        if not (0 <= row < height and 0 <= column < width):
            raise CnnvizError(
                f"Maps of {layer} have cells 0,0 to {height - 1},{width - 1}, not {row},{column}."
            )
        return maps[:, row, column]

    return Objective(f"row {row}, column {column} of channel {number} of {layer}", (layer,), score)


def unit(layer: str, number: int) -> Objective:
    """One unit of a linear layer, such as the logit of a class.

    Its score raises CnnvizError for a unit that is not there and a layer of maps.
    """

    def score(seen: Mapping[str, Tensor]) -> Tensor:
        if seen[layer].ndim != 2:
            raise CnnvizError(f"{layer} has no single units: choose a linear layer, or a channel.")
        return _channel(seen[layer], layer, number)[:, 0, 0]

    return Objective(f"unit {number} of {layer}", (layer,), score)


def _channel(output: Tensor, layer: str, number: int) -> Tensor:
    """The map of one channel for each picture: (N, H, W)."""
    maps = output[..., None, None] if output.ndim == 2 else output
    if maps.ndim != 4:
        raise CnnvizError(
            f"{layer} gives no maps of channels: choose a convolution, a block or a linear layer."
        )
    if not 0 <= number < maps.shape[1]:
        raise CnnvizError(f"{layer} has channels 0 to {maps.shape[1] - 1}, not {number}.")
    return maps[:, number]
