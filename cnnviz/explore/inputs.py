"""From any picture to what a network reads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.data.images import fit, to_channels
from cnnviz.models.checkpoint import Card


@dataclass(frozen=True)
class Input:
    """One image, as it is shown and as it is fed."""

    pixels: NDArray[np.uint8]
    """(H, W, C), of the network's size and colours."""
    values: NDArray[np.float32]
    """(C, H, W), normalised as in training."""


def as_input(image: NDArray[np.uint8], card: Card, *, invert: bool = False) -> Input:
    """`image` (H, W, 1 or 3) in the size, colours and normalisation of the network of `card`.

    The shorter side is resized and the middle cut out. `invert` swaps black and white, for ink on paper.
    """
    height, width, channels = card.image_shape
    pixels = to_channels(fit(image, height, width), channels)
    if invert:
        pixels = 255 - pixels
    values = (pixels / 255 - np.array(card.mean)) / np.array(card.std)
    return Input(pixels=pixels, values=np.ascontiguousarray(values.transpose(2, 0, 1), np.float32))
