"""Images as uint8, on the device or in an array, sliced, resized, augmented and normalised a batch at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz.config import Augmentation
from cnnviz.data.augmentation import augment, mix
from cnnviz.data.geometry import resize


@dataclass(frozen=True)
class Images:
    """One split of a data set on a device."""

    pixels: Tensor
    """uint8, (N, H, W, C)."""
    labels: Tensor
    """int64, (N,)."""
    size: tuple[int, int] | None = None
    """Height and width that a batch is resized to; None leaves it as it is."""

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, which: Tensor | slice) -> Tensor:
        """The pixels of some images in the wanted size: uint8, (N, H, W, C)."""
        pixels = self.pixels[which]
        return pixels if self.size is None else resize(pixels, self.size)


@dataclass(frozen=True, eq=False)
class StoredImages:
    """Some images of an array, of which only a batch is copied at a time."""

    pixels: npt.NDArray[np.uint8]
    """(N, H, W, C)."""
    numbers: npt.NDArray[np.integer]
    """Which of them, in order."""
    size: tuple[int, int]
    """Height and width that a batch is resized to."""

    def __len__(self) -> int:
        return len(self.numbers)

    def batch(self, which: slice) -> Tensor:
        """The pixels of some images in that size: uint8, (N, H, W, C)."""
        return resize(torch.from_numpy(np.ascontiguousarray(self.pixels[self.numbers[which]])), self.size)


class ImageSource(Protocol):
    """Images that can be had a batch at a time."""

    def __len__(self) -> int: ...

    def batch(self, which: slice, /) -> Tensor:
        """uint8, (N, H, W, C), of the size that a network reads."""


def on_device(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    indices: npt.NDArray[np.int64],
    device: torch.device,
    size: tuple[int, int] | None = None,
) -> Images:
    """The chosen images and labels, copied to the device; batches of them are resized to `size` (height, width)."""
    return Images(
        size=size,
        pixels=torch.from_numpy(np.ascontiguousarray(images[indices])).to(device),
        labels=torch.from_numpy(np.ascontiguousarray(labels[indices])).to(device),
    )


@dataclass(frozen=True)
class Normalise:
    """Maps uint8 pixels to what a network reads: (pixel / 255 - mean) / std."""

    scale: Tensor
    shift: Tensor

    @classmethod
    def of(cls, mean: Sequence[float], std: Sequence[float], device: torch.device) -> "Normalise":
        scale = 1 / (255 * torch.tensor(std, dtype=torch.float64))
        shift = torch.tensor(mean, dtype=torch.float64) / torch.tensor(std, dtype=torch.float64)
        return cls(scale.float().to(device), shift.float().to(device))

    def __call__(self, pixels: Tensor) -> Tensor:
        """float32 (N, C, H, W) from uint8 (N, H, W, C), in channels-last order."""
        count, height, width, channels = pixels.shape
        # A row of pixels at a time: broadcasting over three channels only would be eight times as slow.
        rows = pixels.reshape(count, height, width * channels).float()
        rows.mul_(self.scale.repeat(width)).sub_(self.shift.repeat(width))
        return rows.view(count, height, width, channels).permute(0, 3, 1, 2)


def images_at_once(size: tuple[int, int], *, most: int, least: int) -> int:
    """How many images of that height and width make a batch: `most` of 32 × 32, fewer where they are larger."""
    return min(most, max(least, most * 32 * 32 // (size[0] * size[1])))


def pixel_batches(images: ImageSource, *, batch_size: int) -> Iterator[tuple[slice, Tensor]]:
    """Where in `images` a batch lies, and its pixels, uint8 (N, H, W, C), for one batch after the other."""
    for start in range(0, len(images), batch_size):
        here = slice(start, min(start + batch_size, len(images)))
        yield here, images.batch(here)


def input_batches(
    images: ImageSource, normalise: Normalise, *, batch_size: int
) -> Iterator[tuple[slice, Tensor]]:
    """As `pixel_batches`, normalised: float32 (N, C, H, W)."""
    return ((here, normalise(pixels)) for here, pixels in pixel_batches(images, batch_size=batch_size))


class Batch(NamedTuple):
    """What a training step needs."""

    inputs: Tensor
    """float32, (N, C, H, W), normalised."""
    labels: Tensor
    """int64, (N,): the class, or the one of the larger share where two images were mixed."""
    targets: Tensor
    """The labels, or shares of the classes (N, classes) where images were mixed."""


def training_batch(
    images: Images,
    indices: Tensor,
    normalise: Normalise,
    augmentation: Sequence[Augmentation] = (),
    *,
    classes: int = 0,
) -> Batch:
    """The chosen images, augmented. `classes` is needed where images are mixed."""
    labels = images.labels[indices]
    pixels, targets = mix(augment(images.batch(indices), augmentation), labels, augmentation, classes=classes)
    return Batch(normalise(pixels), labels if targets is labels else targets.argmax(1), targets)
