"""Multilayer perceptron: flatten, then linear layers with an activation and dropout between them."""

from collections import OrderedDict
from itertools import pairwise
from math import prod

from torch import nn

from cnnviz.config import Mlp
from cnnviz.models.activations import ACTIVATIONS


def build(options: Mlp, *, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A network from (N, C, H, W) images to (N, classes) logits, with layers fc1, act1, dropout1, fc2, …"""
    widths = [prod(image_shape), *options.hidden]
    layers: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
    for number, (inputs, outputs) in enumerate(pairwise(widths), start=1):
        layers[f"fc{number}"] = nn.Linear(inputs, outputs)
        layers[f"act{number}"] = ACTIVATIONS[options.activation]()
        if options.dropout:
            layers[f"dropout{number}"] = nn.Dropout(options.dropout)
    layers[f"fc{len(widths)}"] = nn.Linear(widths[-1], classes)
    return nn.Sequential(layers)
