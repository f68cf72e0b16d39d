"""What a layer makes of many images, a row of numbers an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.errors import CnnvizError
from cnnviz.explore.inputs.batches import batches
from cnnviz.explore.layers.capture import capture
from cnnviz.explore.layers.structure import Layer
from cnnviz.models.checkpoint import Card
from cnnviz.progress import Progress, Work

_MOST = 2**29
"""Bytes of the features of all images."""


def features(
    model: nn.Module,
    card: Card,
    images: NDArray[np.uint8],
    *,
    layer: str,
    numbers: Sequence[int] | NDArray[np.int64],
) -> Work[NDArray[np.float32]]:
    """Features of the chosen ones of `images` (uint8, N×H×W×C): gives float32 (N, C).

    One number a channel: maps and tokens are averaged over places, linear layers are taken as they are. At the size
    of training. Raises LayerNotFound, and CnnvizError for no images, for more features than fit into memory, and for
    some that are not finite.
    """
    chosen = np.asarray(numbers, np.int64)
    if not len(chosen):
        raise CnnvizError("There are no images to look through.")
    found: NDArray[np.float32] | None = None
    for here, inputs in batches(card, images, chosen):
        with capture(model, [layer]) as seen:
            seen.run(inputs)
        rows = pooled(seen.outputs[layer])
        if found is None:
            found = _room(len(chosen), rows.shape[1])
        found[here] = rows
        yield Progress.of(here.stop, len(chosen), before="Features of ")
    assert found is not None
    if not np.isfinite(found).all():
        raise CnnvizError(
            f"The layer {layer} gives values that are not finite: choose another layer, or an earlier snapshot."
        )
    return found


def pooled(output: Tensor) -> NDArray[np.float32]:
    """A layer's output for a batch as features (N, C): maps (N, C, H, W) and tokens (N, T, C) as means over places."""
    values = output.float()
    if values.ndim == 3:
        values = values.mean(1)
    elif values.ndim > 3:
        values = values.flatten(2).mean(2)
    rows: NDArray[np.float32] = values.reshape(len(values), -1).cpu().numpy()
    return rows


def penultimate(listed: Sequence[Layer]) -> str:
    """The layer that the last linear layer reads: what the classes are told apart by.

    Where that is several layers or none, the last layer but one.
    """
    working = [layer for layer in listed if not layer.idle]
    by_name = {layer.name: layer for layer in listed}
    heads = [layer for layer in working if layer.kind == "Linear"]
    at = by_name.get(heads[-1].input) if heads else None
    while at is not None and at.idle:
        at = by_name.get(at.input)
    return at.name if at is not None else working[max(0, len(working) - 2)].name


def _room(count: int, width: int) -> NDArray[np.float32]:
    most = _MOST // (4 * width)
    if count > most:
        raise CnnvizError(
            f"{count:,} images are too many for a layer of {width:,} features: choose at most {most:,}, or a layer "
            "of maps."
        )
    return np.zeros((count, width), np.float32)
