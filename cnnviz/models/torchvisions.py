"""What is known of torchvision's classifiers: usual images, ImageNet's classes, and what tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from torch import Tensor

from cnnviz.config import Exported, Network, Torchvision, TorchvisionName
from cnnviz.models.exported import library
from cnnviz.models.torchvision_models import ResNet18_Weights

_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("layer1.0.conv1.weight", ("resne", "wide_resnet")),
    ("features.denseblock1.denselayer1.conv1.weight", ("densenet",)),
    ("inception3a.branch1.conv.weight", ("googlenet",)),
    ("Mixed_5b.branch1x1.conv.weight", ("inception_v3",)),
    ("trunk_output.block1.block1-0.f.se.fc1.weight", ("regnet_y",)),
    ("trunk_output.block1.block1-0.f.a.0.weight", ("regnet_x",)),
    ("stage2.0.branch2.0.weight", ("shufflenet",)),
    ("features.3.squeeze.weight", ("squeezenet",)),
    ("encoder.layers.encoder_layer_0.ln_1.weight", ("vit",)),
    ("stem.0.0.weight", ("maxvit",)),
    ("features.1.0.attn.logit_scale", ("swin_v2",)),
    ("features.1.0.attn.qkv.weight", ("swin_t", "swin_s", "swin_b")),
    ("features.1.0.layer_scale", ("convnext",)),
    ("features.1.conv.0.0.weight", ("mobilenet_v2",)),
    ("features.1.block.0.0.weight", ("mobilenet_v3",)),
    ("features.1.0.block.0.0.weight", ("efficientnet",)),
    ("layers.8.0.layers.0.weight", ("mnasnet",)),
    ("classifier.6.weight", ("vgg", "alexnet")),
)
"""A name that only these networks have, which begin so. The first that fits counts."""


def candidates(tensors: Mapping[str, Tensor]) -> list[str]:
    """Torchvision's networks of the family that these names belong to, or the one with most names in common."""
    names = get_args(TorchvisionName)
    for mark, beginnings in _MARKS:
        if mark in tensors:
            return [name for name in names if name.startswith(beginnings)]
    parts = {name.partition(".")[0] for name in tensors}
    for mark, beginnings in _MARKS:
        if mark.partition(".")[0] in parts and mark.partition(".")[0] not in {
            "features",
            "classifier",
            "layers",
        }:
            return [name for name in names if name.startswith(beginnings)][:3]
    return []


def usual_side(network: Network) -> int:
    """Pixels across of the images that a network is usually given."""
    match network:
        case Torchvision(model=name):
            return imagenet_side(name)
        case Exported(graph=digest):
            return library.recall(digest).example[0]
        case _:
            return {"resnet18": 32 if getattr(network, "stem", "") == "cifar" else 224, "alexnet": 224}.get(
                network.name, 32
            )


def imagenet_side(name: str) -> int:
    """Pixels across of the images that torchvision's ImageNet weights were made for."""
    from cnnviz.models.pretrained import weights_of

    transforms = weights_of(name).transforms()
    return int(transforms.crop_size[0])


def imagenet_classes() -> tuple[str, ...]:
    """ImageNet's thousand classes, in the order of torchvision's weights."""
    return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


def imagenet_statistics(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of an image in 0..1 that torchvision's ImageNet weights of `name` expect.

    GoogLeNet and Inception undo the usual ones inside (`transform_input`) and end with 0.5, which is what
    a network without that step has to be given.
    """
    from cnnviz.models.pretrained import weights_of

    if name in {"googlenet", "inception_v3"}:
        return (0.5,) * 3, (0.5,) * 3
    transforms = weights_of(name).transforms()
    return tuple(map(float, transforms.mean)), tuple(map(float, transforms.std))
