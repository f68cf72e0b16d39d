"""Random changes to a batch of images on the device, drawn anew for every single image."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.nn import functional

from cnnviz.config import Augmentation
from cnnviz.data import colours, geometry, mixing
from cnnviz.registry import entry

CHANGES: Mapping[str, Callable[[Tensor, Any], Tensor]] = {
    "pad_and_crop": geometry.pad_and_crop,
    "random_resized_crop": geometry.random_resized_crop,
    "horizontal_flip": geometry.horizontal_flip,
    "rotation": geometry.rotation,
    "colour_jitter": colours.colour_jitter,
    "grayscale": colours.grayscale,
    "gaussian_blur": colours.gaussian_blur,
    "erasing": geometry.erasing,
}
MIXES: Mapping[str, Callable[[Tensor, Tensor, Any], tuple[Tensor, Tensor]]] = {
    "mixup": mixing.mixup,
    "cutmix": mixing.cutmix,
}


def augment(images: Tensor, steps: Sequence[Augmentation]) -> Tensor:
    """Images after all steps that change single ones, in their order: uint8 (N, H, W, C), like the input.

    Draws come from torch's global generator of the images' device. Raises NotFound for a step without an entry.
    """
    for step in steps:
        if step.name not in MIXES:
            images = entry("augmentation", step.name, CHANGES)(images, step)
    return images


def mix(
    images: Tensor, labels: Tensor, steps: Sequence[Augmentation], *, classes: int
) -> tuple[Tensor, Tensor]:
    """Images after all steps that mix two, and their labels: as they are, or shares (N, classes) if mixed."""
    mixes = [step for step in steps if step.name in MIXES]
    if not mixes:
        return images, labels
    shares = functional.one_hot(labels, classes).float()
    for step in mixes:
        images, shares = MIXES[step.name](images, shares, step)
    return images, shares
