"""Images on the device as uint8, sliced, augmented and normalised a batch at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnviz.config import Augmentation
from cnnviz.data.augmentation import augment


@dataclass(frozen=True)
class Images:
    """One split of a data set on a device."""

    pixels: Tensor
    """uint8, (N, H, W, C)."""
    labels: Tensor
    """int64, (N,)."""

    def __len__(self) -> int:
        return len(self.labels)


def on_device(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    indices: npt.NDArray[np.int64],
    device: torch.device,
) -> Images:
    """The chosen images and labels, copied to the device."""
    return Images(
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


def training_batch(
    images: Images, indices: Tensor, normalise: Normalise, augmentation: Sequence[Augmentation] = ()
) -> tuple[Tensor, Tensor]:
    """Inputs (N, C, H, W) and labels (N,) of the chosen images, augmented."""
    return normalise(augment(images.pixels[indices], augmentation)), images.labels[indices]
