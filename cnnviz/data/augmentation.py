"""Random changes to a batch of images on the device, drawn anew for every single image."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from cnnviz.config import Augmentation, HorizontalFlip, PadAndCrop


def pad_and_crop(images: Tensor, options: PadAndCrop) -> Tensor:
    """Crops of the original size from images with a black border, each at its own place."""
    count, height, width, _ = images.shape
    pad = options.padding
    padded = images.new_zeros((count, height + 2 * pad, width + 2 * pad, images.shape[3]))
    padded[:, pad : pad + height, pad : pad + width] = images
    corner = torch.randint(2 * pad + 1, (2, count, 1), device=images.device)
    rows = corner[0] + torch.arange(height, device=images.device)
    columns = corner[1] + torch.arange(width, device=images.device)
    each = torch.arange(count, device=images.device)[:, None, None]
    return padded[each, rows[:, :, None], columns[:, None, :]]


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
