"""Many images as a network reads them: resized to its size and normalised, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnviz.data.batches import Normalise, StoredImages, images_at_once, input_batches, pixel_batches
from cnnviz.models.checkpoint import Card

_BATCH = 100
"""Images of 32×32 at once; fewer where they are larger."""


def batches(
    card: Card, images: NDArray[np.uint8], numbers: NDArray[np.integer], *, batch_size: int | None = None
) -> Iterator[tuple[slice, Tensor]]:
    """The chosen ones of `images` (uint8, N×H×W×C) as the network of `card` reads them: float32 (N, C, H, W).

    With the place in `numbers` where each batch lies. Of `batch_size` images, or of as many as suit their size.
    """
    source = StoredImages(images, numbers, card.image_shape[:2])
    return input_batches(source, normalisation(card), batch_size=batch_size or usual_batch_size(card))


def unnormalised_batches(
    card: Card, images: NDArray[np.uint8], numbers: NDArray[np.integer]
) -> Iterator[tuple[slice, NDArray[np.uint8]]]:
    """As `batches`, but the pixels: uint8 (N, H, W, C), to be changed before the network reads them."""
    source = StoredImages(images, numbers, card.image_shape[:2])
    for here, pixels in pixel_batches(source, batch_size=usual_batch_size(card)):
        yield here, pixels.numpy()


def normalisation(card: Card) -> Normalise:
    """What the network of `card` has done to pixels, on the CPU."""
    return Normalise.of(card.mean, card.std, torch.device("cpu"))


def usual_batch_size(card: Card) -> int:
    """How many images of the network's size go through it at once."""
    return images_at_once(card.image_shape[:2], most=_BATCH, least=8)
