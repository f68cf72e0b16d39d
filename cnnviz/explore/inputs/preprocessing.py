"""From any picture to what a network reads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.data.fitting import DEFAULT, WAYS, fitted
from cnnviz.data.images import Box, to_channels
from cnnviz.explore.layers.input_sizes import shape_at
from cnnviz.models.checkpoint import Card


@dataclass(frozen=True)
class Input:
    """One image, as it is shown and as it is fed."""

    pixels: NDArray[np.uint8]
    """(H, W, C), of the size and colours in which the network is to read it."""
    values: NDArray[np.float32]
    """(C, H, W), normalised as in training."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width: what the layers of a network are found for."""
        channels, height, width = self.values.shape
        return channels, height, width


@dataclass(frozen=True)
class Preprocessing:
    """How a picture became what is fed, channel by channel."""

    of: tuple[int, int]
    """Height and width of the picture."""
    part: Box
    """What was read of it, in its pixels."""
    place: tuple[int, int, int, int]
    """Where that lies in what is fed; the rest is black."""
    scale: tuple[float, float]
    """Pixels of the picture, down and across, that became one: below 1 where it was enlarged."""
    mean: tuple[float, ...]
    std: tuple[float, ...]
    minimum: tuple[float, ...]
    """Smallest value that is fed, of each channel."""
    maximum: tuple[float, ...]


def as_input(
    image: NDArray[np.uint8],
    card: Card,
    *,
    invert: bool = False,
    size: int | None = None,
    way: str = DEFAULT,
) -> Input:
    """`image` (H, W, 1 or 3) in the size, colours and normalisation of the network of `card`.

    `size` is a height other than that of training, `way` one of `data.fitting.WAYS`: by default the shorter side
    is resized and the middle cut out. `invert` swaps black and white, for ink on paper.
    """
    height, width, channels = shape_at(card, size)
    pixels = to_channels(fitted(image, height, width, way=way), channels)
    return as_fed(255 - pixels if invert else pixels, card)


def as_fed(pixels: NDArray[np.uint8], card: Card) -> Input:
    """`pixels` (H, W, C), which have the size and colours that the network of `card` reads, normalised."""
    values = (pixels / 255 - np.array(card.mean)) / np.array(card.std)
    return Input(pixels=pixels, values=np.ascontiguousarray(values.transpose(2, 0, 1), np.float32))


def reading(image: NDArray[np.uint8], seen: Input, card: Card, *, way: str = DEFAULT) -> Preprocessing:
    """How `image` (H, W, 1 or 3) became `seen`, which `as_input` made of it in that `way`."""
    of, to = (image.shape[0], image.shape[1]), seen.shape[1:]
    part, place = WAYS[way].part(of, to), WAYS[way].place(of, to)
    return Preprocessing(
        of=of,
        part=part,
        place=place,
        scale=(
            (part[2] - part[0]) / (place[2] - place[0]),
            (part[3] - part[1]) / (place[3] - place[1]),
        ),
        mean=card.mean,
        std=card.std,
        minimum=tuple(float(value) for value in seen.values.min((1, 2))),
        maximum=tuple(float(value) for value in seen.values.max((1, 2))),
    )
