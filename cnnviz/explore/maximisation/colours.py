"""Colours as they occur together: what is learnt are independent directions of colour, mixed as in real images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnviz.data import catalogue
from cnnviz.models.checkpoint import Card

_ALIKE = np.array([[1, 0.91, 0.78], [0.91, 1, 0.91], [0.78, 0.91, 1]])
"""Correlations of red, green and blue of a pixel in photographs: those of CIFAR-10's training images."""
_MOST = 1000
_ENOUGH = 32
"""Pixels across an image of which the colours are taken."""
_INSIDE = 0.02
"""A mean colour is kept so far from black and white, where a sigmoid would be flat."""


@dataclass(frozen=True, eq=False)
class Colours:
    """Mean and spread of the colours of pixels in 0..1."""

    mean: NDArray[np.float64]
    """(C,)"""
    root: NDArray[np.float64]
    """A root of the covariance, (C, C): its product with its transpose is the covariance."""

    @classmethod
    def of_moments(cls, mean: Sequence[float], covariance: NDArray[np.float64]) -> Colours:
        """Colours with that mean (C,) and covariance (C, C)."""
        values, vectors = np.linalg.eigh(np.asarray(covariance, np.float64))
        # The symmetric root: it has no order of its own among the colours.
        root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
        return cls(np.asarray(mean, np.float64), root)

    @classmethod
    def of_images(cls, images: NDArray[np.uint8]) -> Colours:
        """Colours of `images`, uint8 (N, H, W, C): of the first 1,000, and of large ones every few pixels."""
        every = max(1, min(images.shape[1:3]) // _ENOUGH)
        pixels = images[:_MOST, ::every, ::every].reshape(-1, images.shape[-1]) / 255
        covariance = np.atleast_2d(np.cov(pixels, rowvar=False, bias=True))
        return cls.of_moments(pixels.mean(0).tolist(), covariance)

    @classmethod
    def of_photographs(cls, mean: Sequence[float], std: Sequence[float]) -> Colours:
        """Colours with that mean and deviation (C,), as much alike as in photographs."""
        alike = _ALIKE if len(std) == 3 else np.eye(len(std))
        return cls.of_moments(mean, alike * np.outer(std, std))

    @classmethod
    def independent(cls, channels: int) -> Colours:
        """Colours around grey that have nothing to do with one another."""
        return cls(np.full(channels, 0.5), np.eye(channels))

    def image(self, planes: Tensor) -> Tensor:
        """Pictures in 0..1 from planes (N, C, H, W) of any size: mixed, then bounded by a sigmoid.

        Planes of zeros give the mean colour, planes of deviation 1 about as much contrast as a grey picture.
        """
        # The largest direction has length 1, so that decorrelated and plain planes move about as far.
        root = torch.tensor(
            self.root / np.linalg.norm(self.root, 2), dtype=planes.dtype, device=planes.device
        )
        mean = self.mean.clip(_INSIDE, 1 - _INSIDE)
        middle = torch.tensor(np.log(mean / (1 - mean)), dtype=planes.dtype, device=planes.device)
        mixed = torch.einsum("dc,nchw->ndhw", root, planes)
        return torch.sigmoid(mixed + middle[:, None, None])


def colours_of(card: Card) -> Colours:
    """Colours of the data that a network learnt from; of photographs, where the data is not on this machine."""
    if card.data in catalogue.available():
        images = catalogue.load(card.data).train_images
        if images.shape[3] == card.image_shape[2]:
            return Colours.of_images(images)
    return Colours.of_photographs(card.mean, card.std)
