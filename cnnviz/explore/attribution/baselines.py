"""What stands for "nothing there": an image to compare with, and what covered pixels become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from cnnviz.registry import entry


@dataclass(frozen=True)
class Baseline:
    """A kind of nothing."""

    title: str
    meaning: str
    make: Callable[[Tensor, Tensor, Tensor, int], Tensor]
    """From an image (1, C, H, W), mean and std (C, 1, 1) of the normalisation and a seed."""


def _black(image: Tensor, mean: Tensor, std: Tensor, seed: int) -> Tensor:
    return (-mean / std).expand_as(image).clone()


def _mean(image: Tensor, mean: Tensor, std: Tensor, seed: int) -> Tensor:
    return torch.zeros_like(image)


def _noise(image: Tensor, mean: Tensor, std: Tensor, seed: int) -> Tensor:
    pixels = np.random.default_rng(seed).uniform(size=image.shape[1:]).astype(np.float32)
    return ((torch.from_numpy(pixels) - mean) / std)[None]


def _blur(image: Tensor, mean: Tensor, std: Tensor, seed: int) -> Tensor:
    channels, height, width = image.shape[1:]
    sigma = max(height, width) / 16
    for axis, length in ((2, height), (3, width)):
        reach = min(round(3 * sigma), length - 1)
        steps = torch.arange(-reach, reach + 1, dtype=image.dtype)
        weights = torch.exp(-0.5 * (steps / sigma) ** 2)
        shape = (1, 1, -1, 1) if axis == 2 else (1, 1, 1, -1)
        kernel = (weights / weights.sum()).reshape(shape).repeat(channels, 1, 1, 1)
        edges = (0, 0, reach, reach) if axis == 2 else (reach, reach, 0, 0)
        image = functional.conv2d(functional.pad(image, edges, mode="replicate"), kernel, groups=channels)
    return image


BASELINES: Mapping[str, Baseline] = {
    "mean": Baseline("Mean colour", "the mean of the training images: zero after normalisation", _mean),
    "black": Baseline("Black", "black pixels", _black),
    "blur": Baseline("Blurred", "the image, blurred with a standard deviation of 1/16 of its side", _blur),
    "noise": Baseline("Noise", "random colours, from a seed", _noise),
}
"""The first is the default: Captum's zero."""
DEFAULT = "mean"


def baseline(
    name: str, image: Tensor, *, mean: tuple[float, ...], std: tuple[float, ...], seed: int = 0
) -> Tensor:
    """The baseline of that name for a normalised image (1, C, H, W). Raises NotFound."""
    entry("baseline", name, BASELINES)
    shape = (-1, 1, 1)
    return BASELINES[name].make(
        image,
        torch.tensor(mean, dtype=image.dtype).reshape(shape),
        torch.tensor(std, dtype=image.dtype).reshape(shape),
        seed,
    )
