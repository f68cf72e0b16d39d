"""How the layers of a network differ from first to last, over many images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.errors import CnnvizError
from cnnviz.explore.channels.selectivity import class_selectivity
from cnnviz.explore.inputs.batches import batches
from cnnviz.explore.layers.capture import capture
from cnnviz.explore.layers.structure import Layer, layers
from cnnviz.explore.statistics.effective_receptive_field import effective_fields, middle_cell, side
from cnnviz.explore.statistics.linear_probe import probe
from cnnviz.explore.statistics.profile import LayerStatistics, Profile
from cnnviz.explore.statistics.spread import entropy
from cnnviz.models.checkpoint import Card
from cnnviz.progress import Progress, Work, within

FIELD_IMAGES = 8
"""Images of which the effective receptive field is a mean."""
_ACTIVATIONS, _FEATURES = 128 * 2**20, 2**30
"""Bytes: of the outputs of one batch, and of the channel means of all images."""
_LARGEST_BATCH = 100
_ACTIVATION_KINDS = frozenset(
    "ReLU ReLU6 LeakyReLU PReLU ELU SELU CELU GELU SiLU Mish Hardswish Sigmoid Tanh Softplus".split()  # noqa: SIM905
)


def statistics(
    model: nn.Module,
    card: Card,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    *,
    numbers: Sequence[int] | NDArray[np.int64],
    of_class: str | None = None,
) -> Work[Profile]:
    """Look at the chosen ones of `images` (uint8, N×H×W×C) in all layers at once: yields how much is done, and what.

    `of_class` only says what was chosen. Raises CnnvizError for no images, or too many for this network's width.
    """
    chosen = np.asarray(numbers, np.int64)
    if not len(chosen):
        raise CnnvizError("There are no images to look through.")
    height, width, channels = card.image_shape
    listed = [layer for layer in layers(model, (channels, height, width)) if not layer.idle]
    known = [layer for layer in listed if len(layer.output_shape) in (1, 3)]
    most = _FEATURES // (4 * sum(layer.output_shape[0] for layer in known) or 1)
    if len(chosen) > most:
        raise CnnvizError(
            f"{len(chosen):,} images are too many for so wide a network: choose at most {most:,}."
        )
    answers = np.asarray(labels)[chosen]
    sums = {layer.name: _Sums(layer, answers, len(card.classes)) for layer in known}
    size = _batch_size(listed)
    names = [layer.name for layer in known]
    for here, inputs in batches(card, images, chosen, batch_size=size):
        with capture(model, names) as seen:
            seen.run(inputs)
        for name, one in sums.items():
            one.add(here, seen.outputs.pop(name).float().cpu())
        yield Progress(0.5 * here.stop / len(chosen), "images through all layers")
    for_field = min(FIELD_IMAGES, len(chosen))
    few = [inputs for _, inputs in batches(card, images, chosen[:for_field], batch_size=size)]
    pictures = yield from within(effective_fields(model, few), 0.5, 0.8, "effective receptive fields")
    found = []
    for number, layer in enumerate(known):
        found.append(
            _measured(layer, sums.pop(layer.name), pictures.get(layer.name), _is_main(layer, listed))
        )
        yield Progress(0.8 + 0.2 * (number + 1) / len(known), "linear probes")
    return Profile(
        data=card.data,
        images=len(chosen),
        field_images=for_field,
        of_class=of_class,
        guess=float(np.bincount(answers).max() / len(answers)),
        epoch=card.epoch,
        side=height,
        layers=tuple(found),
        left_out=tuple(layer.name for layer in listed if layer not in known),
    )


class _Sums:
    """What is added up of one layer while images pass by."""

    def __init__(self, layer: Layer, labels: NDArray[np.int64], classes: int) -> None:
        count, channels = len(labels), layer.output_shape[0]
        self.labels = labels
        self.shuffled = np.random.default_rng(0).permutation(labels)
        self.zeros = np.zeros(count)
        self.spread = np.full(count, np.nan)
        self.alive = np.zeros(channels, bool)
        self.features = np.zeros((count, channels), np.float32)
        self.by_class = np.zeros((2, classes, channels))
        """Sums of the means of the positive parts: by class, and by shuffled class."""

    def add(self, here: slice, output: Tensor) -> None:
        """Take in the output for the images at these places."""
        maps = output.flatten(2) if output.ndim == 4 else output[:, :, None]
        zero = maps == 0
        self.zeros[here] = zero.double().mean((1, 2)).numpy()
        self.alive |= ~zero.all(2).all(0).numpy()
        self.spread[here] = entropy(maps).double().nanmean(1).numpy()
        self.features[here] = maps.mean(2).numpy()
        positive = maps.clamp_min(0).mean(2).double().numpy()
        for sums, labels in zip(self.by_class, (self.labels, self.shuffled), strict=True):
            np.add.at(sums, labels[here], positive)

    def selectivity(self, shuffled: bool) -> float | None:
        """Mean over the channels that have one."""
        counts = np.bincount(self.labels, minlength=len(self.by_class[0]))
        there = counts > 0
        means = self.by_class[int(shuffled)][there] / counts[there, None]
        found = class_selectivity(means, np.arange(len(means)), len(means))
        return float(np.nanmean(found)) if np.isfinite(found).any() else None


def _measured(layer: Layer, sums: _Sums, picture: NDArray[np.float64] | None, main: bool) -> LayerStatistics:
    zeros, zeros_error = _mean(sums.zeros)
    spread, spread_error = _mean(sums.spread)
    read = probe(sums.features, sums.labels)
    field = layer.field
    # Flattened maps have no middle: their units see different parts of the image.
    scattered = len(layer.output_shape) == 1 and not (field and field.whole)
    seen = None if picture is None or scattered else side(picture, field, middle_cell(layer.output_shape))
    return LayerStatistics(
        layer=layer.name,
        kind=layer.kind,
        output_shape=layer.output_shape,
        main=main,
        channels=layer.output_shape[0],
        zeros=zeros or 0.0,
        zeros_error=zeros_error,
        dead=float(1 - sums.alive.mean()),
        spread=spread,
        spread_error=spread_error,
        selectivity=sums.selectivity(shuffled=False),
        selectivity_by_chance=sums.selectivity(shuffled=True),
        probe=read.accuracy if read else None,
        probe_error=read.error if read else None,
        effective_field=seen,
        field=None if field is None or field.whole else max(field.size),
    )


def _mean(values: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Mean of those that are numbers, and its standard error."""
    known = values[np.isfinite(values)]
    if not len(known):
        return None, None
    error = float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else None
    return float(known.mean()), error


def _batch_size(listed: Sequence[Layer]) -> int:
    """Images a batch, so that the outputs of all layers together stay within bounds."""
    one = 4 * sum(prod(layer.output_shape) for layer in listed)
    return max(1, min(_LARGEST_BATCH, _ACTIVATIONS // max(1, one)))


def _is_main(layer: Layer, listed: Sequence[Layer]) -> bool:
    """Whether a layer belongs to an overview: outermost blocks, activations outside of blocks, the last layer."""
    blocks = {one.name.partition(":")[0] for one in listed if one.block}
    if any(outer in blocks for outer in _around(layer.name)):
        return False
    return layer.block or layer.kind in _ACTIVATION_KINDS or layer == listed[-1]


def _around(name: str) -> Iterator[str]:
    """Names of the modules around one."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
