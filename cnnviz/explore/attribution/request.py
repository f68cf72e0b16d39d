"""What is asked of a network: which pixels of this image speak for these classes?"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cnnviz.explore.attribution import copies

_LARGE = 64 * 64
VALUES_AT_ONCE = 2_500_000
"""Numbers of an image's input that one pass takes in: 16 images of 224 × 224."""


@dataclass(frozen=True)
class AttributionRequest:
    """An image, the classes asked about, and what stands for "nothing there"."""

    network: nn.Module
    """As it was given: looked at through its twins only."""
    image: Tensor
    """(1, C, H, W), normalised."""
    targets: tuple[int, ...]
    baseline: Tensor
    """(N, C, H, W): one, or several where they are drawn at random."""
    layer: str | None = None
    """Of Grad-CAM."""

    @property
    def model(self) -> nn.Module:
        """The twin to run."""
        return copies.plain(self.network)

    @property
    def single_use(self) -> nn.Module:
        """A fresh twin in which no module runs twice. Raises CannotRebuild."""
        return copies.single_use(self.network, self.image)

    @property
    def spread(self) -> float:
        """Range of the input."""
        return float(self.image.max() - self.image.min())

    @property
    def at_once(self) -> int:
        """Images of this size that go through the network together."""
        return max(1, min(32, VALUES_AT_ONCE // self.image.numel()))

    def scores(self, batch: Tensor, *, precision: str = "fp32") -> Tensor:
        """Logits of the classes asked about for each image of `batch`: (N, T), fp32.

        With precision "bf16" they are computed in that, and rounded so.
        """
        # Large maps go through convolutions a third faster with their channels side by side; small ones do not.
        if len(batch) > 1 and batch[0, 0].numel() >= _LARGE:
            batch = batch.contiguous(memory_format=torch.channels_last)
        lower = torch.autocast(batch.device.type, torch.bfloat16, enabled=precision == "bf16")
        with torch.inference_mode(), lower:
            found: Tensor = self.model(batch)[:, list(self.targets)]
        return found.float()

    def gradients(self, batch: Tensor) -> Tensor:
        """Gradients of each class's logit by each image of `batch`, (T, N, C, H, W)."""
        with torch.enable_grad():
            batch = batch.detach().requires_grad_()
            logits = self.model(batch)
            return torch.stack(
                [
                    torch.autograd.grad(logits[:, target].sum(), batch, retain_graph=number + 1 < len(self.targets))[0]
                    for number, target in enumerate(self.targets)
                ]
            )  # fmt: skip
