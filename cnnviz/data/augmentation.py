"""Random changes to a batch of images on the device, drawn anew for every single image."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from cnnviz.config import Augmentation, HorizontalFlip, PadAndCrop


def pad_and_crop(images: Tensor, options: PadAndCrop) -> Tensor:
    """Crops of the original size from images with a black border, each at its own place."""
    count, height, width, channels = images.shape
    pad, device = options.padding, images.device
    tall, wide = height + 2 * pad, width + 2 * pad
    padded = images.new_zeros((count, tall, wide, channels))
    padded[:, pad : pad + height, pad : pad + width] = images
    top, left = torch.randint(2 * pad + 1, (2, count, 1), device=device)
    # Whole rows are copied, each from where it starts: twenty times as fast as picking single pixels.
    rows = torch.arange(count, device=device)[:, None] * tall + top + torch.arange(height, device=device)
    starts = rows * wide + left
    strips = padded.view(-1).unfold(0, width * channels, channels)
    return strips.index_select(0, starts.view(-1)).view(count, height, width, channels)


def horizontal_flip(images: Tensor, options: HorizontalFlip) -> Tensor:
    """Images of which each is mirrored with the given probability."""
    mirrored = torch.rand(len(images), device=images.device) < options.probability
    return torch.where(mirrored[:, None, None, None], images.flip(2), images)


_STEPS: Mapping[type, Callable[[Tensor, Any], Tensor]] = {
    PadAndCrop: pad_and_crop,
    HorizontalFlip: horizontal_flip,
}


def augment(images: Tensor, steps: Sequence[Augmentation]) -> Tensor:
    """Images after all steps, in their order: uint8 (N, H, W, C), like the input.

    Draws come from torch's global generator of the images' device.
    """
    for step in steps:
        images = _STEPS[type(step)](images, step)
    return images
