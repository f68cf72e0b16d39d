"""The filters of a network: which layers have some, and their weights, read without running anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.config import Network
from cnnviz.errors import CheckpointError, LayerNotFound
from cnnviz.explore.layers.structure import layers
from cnnviz.models import checkpoint
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import Shape, outline

Values = NDArray[np.float32]

_BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class FilterLayer:
    """A layer that has filters."""

    name: str
    kind: str
    """Conv2d, or Linear for the first layer of a network without convolutions."""
    count: int
    """Number of filters (F), one an output channel."""
    channels: int
    """Input channels that one filter reads (C): those of its group."""
    size: tuple[int, int]
    """Height and width of a kernel; of a linear layer, of the image."""
    groups: int
    """Sets of filters that read different input channels; 1 where all read all."""
    source: str
    """Layer that it reads, or "image"."""
    batch_norm: str | None
    """The batch norm that reads its output, where there is one."""
    first: bool
    """Whether it is the layer whose filters `filters.npz` of a run holds for every epoch."""

    @property
    def colour(self) -> bool:
        """Whether its filters are patterns of red, green and blue."""
        return self.first and self.channels == 3

    @property
    def tiled(self) -> bool:
        """Whether one picture shows a filter: all of it, in colour or as its only kernel."""
        return self.colour or self.channels == 1

    def inputs_of(self, number: int) -> range:
        """Numbers of the input channels that a filter reads, in the order of its kernels."""
        start = number // (self.count // self.groups) * self.channels
        return range(start, start + self.channels)


@dataclass(frozen=True)
class BatchNorm:
    """What a batch norm does to the output of each filter: (y − mean) / √(variance + ε) × weight + bias."""

    weight: Values
    bias: Values
    mean: Values
    variance: Values
    """All (F,); weight 1 and bias 0 where it learns none."""


@dataclass(frozen=True)
class Filters:
    """The filters of one layer."""

    layer: FilterLayer
    weights: Values
    """(F, C, h, w); of a linear layer (F, channels, height, width) of the image. F may be fewer than the layer has."""
    bias: Values | None = None
    """(F,); None where there is none, or it was not kept."""
    batch_norm: BatchNorm | None = None
    """None where none follows, or it was not kept."""


def filter_layers(card: Card) -> list[FilterLayer]:
    """As `layers_with_filters`, of the network that a checkpoint's card describes; no weights are needed."""
    return list(_of_network(card.network, card.image_shape, len(card.classes)))


@lru_cache(maxsize=32)
def _of_network(network: Network, image_shape: Shape, classes: int) -> tuple[FilterLayer, ...]:
    model = outline(network, image_shape=image_shape, classes=classes)
    return tuple(layers_with_filters(model, image_shape))


def layers_with_filters(model: nn.Module, image_shape: Shape) -> list[FilterLayer]:
    """All 2-D convolutions in the order in which they run; without any, the first linear layer.

    `model` may be on the meta device. Raises LayerNotFound for a network that has neither.
    """
    height, width, channels = image_shape
    listed = layers(model, (channels, height, width))
    modules = dict(model.named_modules())
    norms = {
        layer.input: layer.name for layer in listed if isinstance(modules.get(layer.name), nn.BatchNorm2d)
    }
    first = next((name for name, one in modules.items() if isinstance(one, nn.Conv2d | nn.Linear)), None)
    found = []
    for layer in listed:
        module = modules.get(layer.name)  # None for a module's second output
        if isinstance(module, nn.Conv2d):
            rows, columns = module.kernel_size
            found.append(
                FilterLayer(
                    name=layer.name,
                    kind="Conv2d",
                    count=module.out_channels,
                    channels=module.in_channels // module.groups,
                    size=(rows, columns),
                    groups=module.groups,
                    source=layer.input,
                    batch_norm=norms.get(layer.name),
                    first=layer.name == first,
                )
            )
    if found:
        return found
    linear = modules.get(first or "")
    if first is None or not isinstance(linear, nn.Linear) or linear.in_features != height * width * channels:
        raise LayerNotFound("first convolution or linear layer", available=())
    return [
        FilterLayer(
            name=first, kind="Linear", count=linear.out_features, channels=channels, size=(height, width),
            groups=1, source="image", batch_norm=None, first=True,
        )
    ]  # fmt: skip


def layer_named(listed: list[FilterLayer], name: str) -> FilterLayer:
    """The layer called `name`. Raises LayerNotFound, which names those that have filters."""
    for layer in listed:
        if layer.name == name:
            return layer
    raise LayerNotFound(name, available=[layer.name for layer in listed])


def read(path: Path, layer: FilterLayer) -> Filters:
    """A layer's filters in a checkpoint; only its own tensors are read.

    Raises CheckpointError for a file that can't be read, or belongs to another network.
    """
    _, tensors = checkpoint.read_some(path, names(layer))
    return of_tensors(tensors, layer, source=path.name)


def names(layer: FilterLayer) -> set[str]:
    """The tensors of a checkpoint that belong to a layer's filters, if they are there."""
    own = {f"{layer.name}.weight", f"{layer.name}.bias"}
    return own | {f"{layer.batch_norm}.{part}" for part in _BATCH_NORM if layer.batch_norm}


def of_tensors(tensors: Mapping[str, Tensor], layer: FilterLayer, *, source: str) -> Filters:
    """A layer's filters among the tensors of a network. Raises CheckpointError if they are not there."""
    weight = tensors.get(f"{layer.name}.weight")
    shape = (layer.count, layer.channels, *layer.size)
    if weight is None or weight.numel() != np.prod(shape) or len(weight) != layer.count:
        raise CheckpointError(f"{source} belongs to another network: {layer.name} does not fit.")
    bias = tensors.get(f"{layer.name}.bias")
    return Filters(
        layer=layer,
        weights=_array(weight).reshape(shape),
        bias=None if bias is None else _array(bias),
        batch_norm=_batch_norm(tensors, layer),
    )


def _batch_norm(tensors: Mapping[str, Tensor], layer: FilterLayer) -> BatchNorm | None:
    parts = {part: tensors.get(f"{layer.batch_norm}.{part}") for part in _BATCH_NORM}
    mean, variance = parts["running_mean"], parts["running_var"]
    if mean is None or variance is None:
        return None
    weight, bias = parts["weight"], parts["bias"]
    return BatchNorm(
        weight=np.ones(layer.count, np.float32) if weight is None else _array(weight),
        bias=np.zeros(layer.count, np.float32) if bias is None else _array(bias),
        mean=_array(mean),
        variance=_array(variance),
    )


def _array(values: Tensor) -> Values:
    found: Values = values.detach().float().cpu().numpy()
    return found
