"""Small random changes of a picture, drawn anew at every step: what survives them is a shape, not a trick.

Each maps float pictures (N, C, H, W) to such pictures, every one of them changed by itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn import functional


class Transform(Protocol):
    """A random change of pictures."""

    def __call__(self, images: Tensor, random: torch.Generator) -> Tensor:
        """The pictures (N, C, H, W), each changed by itself."""


@dataclass(frozen=True)
class Pad:
    """A border: what is shifted or turned in from outside. The pictures grow by it."""

    width: int
    """In pixels, at each side."""
    fill: float | Literal["reflect"] = "reflect"
    """A shade, 0 to 1, or what is inside, mirrored."""

    def __call__(self, images: Tensor, random: torch.Generator) -> Tensor:
        sides = (self.width,) * 4
        if self.fill == "reflect":
            return functional.pad(images, sides, mode="reflect")
        return functional.pad(images, sides, value=self.fill)


@dataclass(frozen=True)
class Jitter:
    """A shift by whole pixels; what leaves at one edge comes in at the other."""

    most: int
    """In pixels, in each direction."""

    def __call__(self, images: Tensor, random: torch.Generator) -> Tensor:
        shifts = torch.randint(-self.most, self.most + 1, (len(images), 2), generator=random).tolist()
        return torch.stack(
            [image.roll(tuple(shift), (1, 2)) for image, shift in zip(images, shifts, strict=True)]
        )


@dataclass(frozen=True)
class Rotate:
    """A turn about the middle (bilinear)."""

    most: float
    """In degrees, in each direction."""

    def __call__(self, images: Tensor, random: torch.Generator) -> Tensor:
        angle = math.radians(self.most) * _within(len(images), random)
        cosine, sine = angle.cos(), angle.sin()
        height, width = images.shape[2:]
        # In units of half the sides, which differ where a picture is not square.
        return _moved(images, cosine, -sine * height / width, sine * width / height, cosine)


@dataclass(frozen=True)
class RandomScale:
    """A change of size about the middle (bilinear)."""

    most: float
    """0.1 draws factors from 1 / 1.1 to 1.1."""

    def __call__(self, images: Tensor, random: torch.Generator) -> Tensor:
        factor = (1 + self.most) ** _within(len(images), random)
        zero = torch.zeros_like(factor)
        return _moved(images, factor, zero, zero, factor)


def apply(transforms: Sequence[Transform], images: Tensor, random: torch.Generator) -> Tensor:
    """The pictures changed by one after the other; the middle of their own size, if a border made them grow."""
    changed = images
    for transform in transforms:
        changed = transform(changed, random)
    height, width = images.shape[2:]
    top, left = (changed.shape[2] - height) // 2, (changed.shape[3] - width) // 2
    return changed[:, :, top : top + height, left : left + width]


def usual(side: int) -> tuple[Transform, ...]:
    """A border, a shift, a change of size, a turn and a small shift, in proportion to pictures of that side."""
    shift = max(1, round(side / 8))
    return (Pad(2 * shift), Jitter(shift), RandomScale(0.2), Rotate(15), Jitter(max(1, shift // 2)))


def _within(count: int, random: torch.Generator) -> Tensor:
    """Numbers from −1 to 1."""
    return torch.rand(count, generator=random) * 2 - 1


def _moved(images: Tensor, *matrix: Tensor) -> Tensor:
    """Each picture read through its own matrix, given row by row in units of half the sides."""
    first, second, third, fourth = (part.to(images.device) for part in matrix)
    zero = torch.zeros_like(first)
    theta = torch.stack([first, second, zero, third, fourth, zero], dim=1).view(-1, 2, 3)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    return functional.grid_sample(
        images, grid.to(images.dtype), mode="bilinear", padding_mode="reflection", align_corners=False
    )
