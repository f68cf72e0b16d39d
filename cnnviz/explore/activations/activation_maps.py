"""What a network makes of one image: activations of its layers, and its prediction. Tensors end here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.errors import CnnvizError, ImageError
from cnnviz.explore.layers.capture import capture, evaluating, first_tensor, module_of
from cnnviz.explore.layers.channel_order import channels_first, channels_last
from cnnviz.models.tracing import ModuleCall, tracing


@dataclass(frozen=True)
class MapSummary:
    """Numbers about the maps of one layer for one image; NaN and ±∞ take no part."""

    channels: int
    minimum: float
    maximum: float
    mean: float
    zeros: float
    """Share of values that are exactly zero, 0 to 1."""
    dead: tuple[int, ...]
    """Channels that are zero everywhere, for this image."""
    not_finite: int
    """Values that are NaN or ±∞."""


def channel_maps(model: nn.Module, image: NDArray[np.float32], layer: str) -> NDArray[np.float32]:
    """Activations of one layer for one image: float32, (C, H, W); a linear layer gives (C, 1, 1).

    `image` is (C, H, W) and normalised as the network expects. The pass stops at the layer.
    Raises LayerNotFound, or ImageError for another shape.
    """
    return layer_maps(model, image, layers=[layer])[layer]


def layer_maps(
    model: nn.Module, image: NDArray[np.float32], *, layers: Sequence[str] | None = None
) -> dict[str, NDArray[np.float32]]:
    """Activations of several layers (all, if none are named) from one pass, by name, in the order of running.

    Each is as `channel_maps` gives it.
    """
    if layers is not None and not layers:
        return {}
    with capture(model, layers) as seen:
        seen.run(batch_of(image))
    return {name: maps_of(output) for name, output in seen.outputs.items()}


def predict(model: nn.Module, image: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probabilities of the classes (softmax of the logits): float64, (classes,), adding up to 1.

    Raises ImageError for an image that is not (C, H, W).
    """
    found: NDArray[np.float64] = probabilities(model, batch_of(image))[0]
    return found


def probabilities(model: nn.Module, inputs: Tensor) -> NDArray[np.float64]:
    """Probabilities of the classes for normalised images (N, C, H, W): float64, (N, classes).

    Raises CnnvizError for a network that is no classifier.
    """
    with capture(model, [], stop=False) as seen:
        logits = seen.run(inputs)
    if logits is None or logits.ndim != 2:
        raise CnnvizError("This network gives no scores of classes: choose a classifier.")
    found: NDArray[np.float64] = torch.softmax(logits.double(), dim=1).cpu().numpy()
    return found


def predict_without(
    model: nn.Module, image: NDArray[np.float32], layer: str, channel: int
) -> NDArray[np.float64]:
    """Probabilities of the classes, as `predict` has them, with one channel of a layer's output set to zero.

    Raises LayerNotFound, ImageError, or IndexError for a channel that is not there.
    """
    name, module, number = module_of(model, layer)
    last, lay = channels_last(model), channels_first(model)

    def silence(call: ModuleCall, output: Any) -> Any:
        given = first_tensor(output)
        if call.number != number or given is None:
            return None
        changed = given.clone(memory_format=torch.contiguous_format)
        # As `maps_of` lays channels out.
        if name in last:  # all tokens, a class token among them
            maps = changed.movedim(-1, 1)
        else:
            maps = lay(call, changed)
            maps = maps if maps.ndim == 2 else maps.view(len(maps), -1, *maps.shape[-2:])
        if not 0 <= channel < maps.shape[1]:
            raise IndexError(f"{layer} has channels 0 to {maps.shape[1] - 1}, not {channel}.")
        maps[:, channel] = 0
        return (changed, *output[1:]) if isinstance(output, tuple) else changed

    with evaluating(model), tracing(model, {name: module}, leave=silence):
        return predict(model, image)


def summary(maps: NDArray[Any]) -> MapSummary:
    """Statistics of one layer's maps (C, H, W)."""
    finite = np.isfinite(maps)
    values = maps if finite.all() else maps[finite]
    zero = maps == 0
    return MapSummary(
        channels=len(maps),
        minimum=float(values.min()) if values.size else float("nan"),
        maximum=float(values.max()) if values.size else float("nan"),
        mean=float(values.mean(dtype=np.float64)) if values.size else float("nan"),
        zeros=float(zero.mean()),
        dead=tuple(np.flatnonzero(zero.reshape(len(maps), -1).all(axis=1)).tolist()),
        not_finite=int(maps.size - np.count_nonzero(finite)),
    )


def batch_of(image: NDArray[Any]) -> Tensor:
    """A batch of this one image: float32, (1, C, H, W). Raises ImageError for another shape."""
    if image.ndim != 3:
        raise ImageError(f"An image of shape {image.shape} can't be shown to a network: give (C, H, W).")
    return torch.from_numpy(np.array(image, np.float32)).unsqueeze(0)


def maps_of(output: Tensor) -> NDArray[np.float32]:
    """The first image of a layer's output as maps: float32, (C, H, W).

    (C,) gives (C, 1, 1), tokens (N, D) give one map, and more than two spatial axes are laid out as channels.
    """
    values: NDArray[np.float32] = output[0].float().cpu().numpy()
    if values.ndim < 2:
        values = values.reshape(-1, 1, 1)
    return np.ascontiguousarray(values.reshape(-1, *values.shape[-2:]))
