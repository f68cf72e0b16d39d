"""Images made of two, with labels made of two: uint8 (N, H, W, C) and shares of the classes (N, classes)."""

import torch
from torch import Tensor

from cnnviz.config import CutMix, Mixup
from cnnviz.data.geometry import rectangle


def mixup(images: Tensor, shares: Tensor, options: Mixup) -> tuple[Tensor, Tensor]:
    """Each image blended with another one of the batch by a share of its own (Zhang et al. 2017)."""
    other = torch.randperm(len(images), device=images.device)
    own = _beta(options.alpha, images)
    blended = torch.lerp(images[other].float(), images.float(), own[:, None, None, None])
    return blended.round_().to(torch.uint8), torch.lerp(shares[other], shares, own[:, None])


def cutmix(images: Tensor, shares: Tensor, options: CutMix) -> tuple[Tensor, Tensor]:
    """Each image with a rectangle from another one of the batch (Yun et al. 2019).

    The share of the label is that of the pixels that stayed.
    """
    _, height, width, _ = images.shape
    other = torch.randperm(len(images), device=images.device)
    side = (1 - _beta(options.alpha, images)).sqrt()
    top, left = torch.rand(2, len(images), device=images.device) * (1 - side)
    pasted = rectangle(height, width, top=top, left=left, tall=side, wide=side)
    own = 1 - pasted.float().mean((1, 2))
    mixed = torch.where(pasted[..., None], images[other], images)
    return mixed, torch.lerp(shares[other], shares, own[:, None])


def _beta(alpha: float, images: Tensor) -> Tensor:
    """A draw from Beta(alpha, alpha) for each image, by two Gamma draws (torch's global generator)."""
    concentration = torch.full((2, len(images)), alpha, device=images.device)
    first, second = torch._standard_gamma(concentration)
    share: Tensor = first / (first + second).clamp_min(1e-12)
    return share
