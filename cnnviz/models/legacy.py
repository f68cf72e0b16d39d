"""Names that weights had in older versions of torchvision, and in a network that many have copied, as they are now."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_RENAMED = (
    # DenseNet, before dots in names were forbidden; torchvision's own files still have them.
    (re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\."), r"\1\2."),
    # ViT, before its two layers became a sequence; torchvision's own files still have them.
    (re.compile(r"\.mlp\.linear_1\."), ".mlp.0."),
    (re.compile(r"\.mlp\.linear_2\."), ".mlp.3."),
    # kuangliu/pytorch-cifar, the usual ResNet for 32 pixels.
    (re.compile(r"^(layer\d\.\d+)\.shortcut\."), r"\1.downsample."),
    (re.compile(r"^linear\."), "fc."),
)


def as_now(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`tensors` under the names that today's networks have for them."""
    return {_now(name): value for name, value in tensors.items()}


def _now(name: str) -> str:
    for pattern, today in _RENAMED:
        name = pattern.sub(today, name)
    return name
