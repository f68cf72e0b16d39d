"""Every family of networks: how it is built and what it can start from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from cnnviz.config import Network
from cnnviz.models import alexnet, cnn, mlp, resnet, vgg, zoo
from cnnviz.models.exported import building
from cnnviz.registry import entry

Shape = tuple[int, int, int]
"""Height, width and channels of an image."""


@dataclass(frozen=True)
class Family:
    """One kind of network."""

    title: str
    summary: str
    build: Callable[..., nn.Module]
    """`build(options, image_shape=…, classes=…)` gives the network with random weights."""
    pretrained: Callable[[Any], str] | None = None
    """Name of the network of torchvision whose ImageNet weights fit these options; None where there is none."""


FAMILIES: Mapping[str, Family] = {
    "mlp": Family(
        title="MLP",
        summary="Fully connected layers on the flattened image.",
        build=mlp.build,
    ),
    "cnn": Family(
        title="CNN",
        summary="Convolutions with pooling between them, then linear layers: all of it yours to choose.",
        build=cnn.build,
    ),
    "resnet18": Family(
        title="ResNet-18",
        summary="Eight residual blocks in four stages (He et al. 2015).",
        build=resnet.build,
        pretrained=lambda options: "resnet18",
    ),
    "vgg11_bn": Family(
        title="VGG-11 with batch norm",
        summary="Eight 3×3 convolutions and a small head (Simonyan and Zisserman 2014); 32 pixels or more.",
        build=vgg.build,
        pretrained=lambda options: "vgg11_bn",
    ),
    "alexnet": Family(
        title="AlexNet",
        summary="Five convolutions and three linear layers (Krizhevsky 2014); made for 224 pixels.",
        build=alexnet.build,
        pretrained=lambda options: "alexnet",
    ),
    "torchvision": Family(
        title="Any of torchvision's",
        summary="One of torchvision's classifiers, from MobileNet to ViT, by its name.",
        build=zoo.build,
        pretrained=lambda options: options.model,
    ),
    "exported": Family(
        title="Exported network",
        summary="Someone else's, as PyTorch exported it; its layers are fixed.",
        build=building.build,
    ),
}


def build(network: Network, *, image_shape: Shape, classes: int, seed: int = 0) -> nn.Module:
    """A network with random weights that depend on `seed` only; the global generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return entry("network", network.name, FAMILIES).build(
            network, image_shape=image_shape, classes=classes
        )


def outline(network: Network, *, image_shape: Shape, classes: int) -> nn.Module:
    """A network without values (on the meta device): its names and shapes, for nothing.

    Raises as `build` does where the network does not fit the images.
    """
    make = entry("network", network.name, FAMILIES).build
    try:
        with torch.device("meta"), WithoutRandomWeights():
            return make(network, image_shape=image_shape, classes=classes)
    except (
        NotImplementedError
    ):  # RegNet computes its widths with tensors: only weights are left without values
        with torch.random.fork_rng(devices=[]), _WeightsOnMeta():
            return make(network, image_shape=image_shape, classes=classes).to("meta")


class WithoutRandomWeights(TorchFunctionMode):
    """Weights are made but not drawn: for a network that gets others, or none."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if func not in _DRAWS:
            return func(*args, **given)
        weights = args[0] if args else given["tensor"]
        # The mean: what is drawn until it lies between bounds ends at once.
        mean = args[1] if func is torch.Tensor.normal_ and len(args) > 1 else given.get("mean", 0.0)
        if not weights.is_meta:
            weights.detach().fill_(mean)
        return weights


_DRAWS = (
    torch.Tensor.normal_,
    torch.Tensor.uniform_,
    nn.init.normal_,
    nn.init.uniform_,
    nn.init.kaiming_uniform_,
)
"""What layers draw their weights with. For weights without values these load PyTorch's compiler."""


class _WeightsOnMeta(TorchFunctionMode):
    """What layers make their weights with makes them on the meta device; other tensors have values."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if func in (torch.empty, torch.zeros, torch.ones):
            given["device"] = "meta"
        return func(*args, **given)
