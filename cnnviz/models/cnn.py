"""A plain convolutional network: convolutions with pooling between them, then linear layers."""

from collections import OrderedDict
from itertools import pairwise

from torch import nn

from cnnviz.config import Cnn
from cnnviz.errors import ConfigError
from cnnviz.models.activations import ACTIVATIONS


def build(options: Cnn, *, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A network from (N, C, H, W) images to (N, classes) logits.

    Each convolution is padded with zeros, so that its maps keep their size, or loses the edge, and is followed by
    batch norm, activation, 2×2 max pooling and dropout, as chosen: conv1, bn1, act1, pool1, dropout1, conv2 … Then
    flatten, and the linear layers fc1, fc1_act, fc1_dropout, fc2 … of which the last gives the logits.
    Raises ConfigError where a pooling or an unpadded convolution would leave nothing of the maps.
    """
    height, width, channels = image_shape
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (inputs, outputs) in enumerate(pairwise([channels, *options.convs]), start=1):
        edge = 0 if pads(options, number) else options.kernel - 1
        if min(height, width) <= edge:
            raise ConfigError(
                f"conv{number} needs padding: without it, nothing is left of maps of {height}×{width} from "
                f"images of {image_shape[0]}×{image_shape[1]}."
            )
        height, width = height - edge, width - edge
        padding = options.kernel // 2 if pads(options, number) else 0
        layers[f"conv{number}"] = nn.Conv2d(inputs, outputs, options.kernel, padding=padding)
        if normalises(options, number):
            layers[f"bn{number}"] = nn.BatchNorm2d(outputs)
        layers[f"act{number}"] = ACTIVATIONS[options.activation]()
        if number in options.pool_after:
            if min(height, width) < 2:
                raise ConfigError(
                    f"pool{number} is one pooling too many: conv{number} gives maps of {height}×{width} from "
                    f"images of {image_shape[0]}×{image_shape[1]}. Take {number} out of pool_after."
                )
            layers[f"pool{number}"] = nn.MaxPool2d(2)
            height, width = height // 2, width // 2
        if options.dropout_conv:
            layers[f"dropout{number}"] = nn.Dropout(options.dropout_conv)
    layers["flatten"] = nn.Flatten()
    units = [options.convs[-1] * height * width, *options.linear]
    for number, (inputs, outputs) in enumerate(pairwise(units), start=1):
        layers[f"fc{number}"] = nn.Linear(inputs, outputs)
        layers[f"fc{number}_act"] = ACTIVATIONS[options.activation]()
        if options.dropout_linear:
            layers[f"fc{number}_dropout"] = nn.Dropout(options.dropout_linear)
    layers[f"fc{len(units)}"] = nn.Linear(units[-1], classes)
    return nn.Sequential(layers)


def pads(options: Cnn, number: int) -> bool:
    """Whether convolution `number`, counted from 1, keeps the size of its maps."""
    return options.padding == "same" or (options.padding == "first" and number == 1)


def normalises(options: Cnn, number: int) -> bool:
    """Whether batch norm follows convolution `number`, counted from 1."""
    return options.batch_norm == "all" or (options.batch_norm == "first_of_pair" and number % 2 == 1)
