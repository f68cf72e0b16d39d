"""Every family of networks: how it is built and what it can start from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from cnnviz.config import Network
from cnnviz.models import mlp, resnet

Shape = tuple[int, int, int]
"""Height, width and channels of an image."""


@dataclass(frozen=True)
class Family:
    """One kind of network."""

    title: str
    summary: str
    build: Callable[..., nn.Module]
    """`build(options, image_shape=…, classes=…)` gives the network with random weights."""
    imagenet: Callable[[nn.Module, bool], None] | None = None
    """Copies ImageNet weights into a network; None where there are none."""


FAMILIES: Mapping[str, Family] = {
    "mlp": Family(
        title="MLP",
        summary="Fully connected layers on the flattened image.",
        build=mlp.build,
    ),
    "resnet18": Family(
        title="ResNet-18",
        summary="Eight residual blocks in four stages (He et al. 2015).",
        build=resnet.build,
        imagenet=resnet.copy_imagenet,
    ),
}


def build(network: Network, *, image_shape: Shape, classes: int, seed: int = 0) -> nn.Module:
    """A network with random weights that depend on `seed` only; the global generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return FAMILIES[network.name].build(network, image_shape=image_shape, classes=classes)
