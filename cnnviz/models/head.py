"""What turns features into logits, and where a network of torchvision's takes its image."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import pairwise

from torch import nn


def head(inputs: int, hidden: Sequence[int], classes: int, *, batch_norm: bool = False) -> nn.Module:
    """One linear layer, or several with ReLU (and batch norm) between them, from (N, inputs) to (N, classes)."""
    if not hidden:
        return nn.Linear(inputs, classes)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (before, after) in enumerate(pairwise([inputs, *hidden]), start=1):
        layers[f"fc{number}"] = nn.Linear(before, after)
        if batch_norm:
            layers[f"bn{number}"] = nn.BatchNorm1d(after)
        layers[f"act{number}"] = nn.ReLU()
    layers[f"fc{len(hidden) + 1}"] = nn.Linear(hidden[-1], classes)
    return nn.Sequential(layers)


def read_channels(model: nn.Module, channels: int) -> None:
    """Have the first convolution of `model` read images of that many channels; it is made anew if it did not."""
    name, first = first_convolution(model)
    if first.in_channels == channels:
        return
    parent, _, own = name.rpartition(".")
    fresh = nn.Conv2d(
        channels,
        first.out_channels,
        kernel_size=first.kernel_size,  # type: ignore[arg-type]
        stride=first.stride,  # type: ignore[arg-type]
        padding=first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    nn.init.kaiming_normal_(fresh.weight, mode="fan_out", nonlinearity="relu")
    setattr(model.get_submodule(parent), own, fresh)


def first_convolution(model: nn.Module) -> tuple[str, nn.Conv2d]:
    """Name and module of the convolution that reads the image."""
    return next((name, module) for name, module in model.named_modules() if isinstance(module, nn.Conv2d))
