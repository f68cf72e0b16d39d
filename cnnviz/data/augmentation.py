"""Random changes to a batch of images on the device, drawn anew for every single image."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.nn import functional

from cnnviz import config
from cnnviz.config import Augmentation
from cnnviz.data import colours, geometry, mixing

_CHANGES: Mapping[type, Callable[[Tensor, Any], Tensor]] = {
    config.PadAndCrop: geometry.pad_and_crop,
    config.RandomResizedCrop: geometry.random_resized_crop,
    config.HorizontalFlip: geometry.horizontal_flip,
    config.Rotation: geometry.rotation,
    config.ColourJitter: colours.colour_jitter,
    config.Grayscale: colours.grayscale,
    config.GaussianBlur: colours.gaussian_blur,
    config.Erasing: geometry.erasing,
}
_MIXES: Mapping[type, Callable[[Tensor, Tensor, Any], tuple[Tensor, Tensor]]] = {
    config.Mixup: mixing.mixup,
    config.CutMix: mixing.cutmix,
}


def augment(images: Tensor, steps: Sequence[Augmentation]) -> Tensor:
    """Images after all steps that change single ones, in their order: uint8 (N, H, W, C), like the input.

    Draws come from torch's global generator of the images' device.
    """
    for step in steps:
        if type(step) not in _MIXES:
            images = _CHANGES[type(step)](images, step)
    return images


def mix(
    images: Tensor, labels: Tensor, steps: Sequence[Augmentation], *, classes: int
) -> tuple[Tensor, Tensor]:
    """Images after all steps that mix two, and their labels: as they are, or shares (N, classes) if mixed."""
    wanted = [step for step in steps if type(step) in _MIXES]
    if not wanted:
        return images, labels
    shares = functional.one_hot(labels, classes).float()
    for step in wanted:
        images, shares = _MIXES[type(step)](images, shares, step)
    return images, shares
