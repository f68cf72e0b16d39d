"""Whether a network is alive: units that never fire, and the gradient that reaches each layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cnnviz.data.batches import images_at_once
from cnnviz.explore.inputs.batches import batches
from cnnviz.explore.layers.capture import evaluating, fitting, passing, watched
from cnnviz.models.checkpoint import Card

_BATCH = 50
"""Images of 32×32 at once; fewer where they are larger."""
_RECTIFIERS = (nn.ReLU, nn.ReLU6)


@dataclass(frozen=True)
class Rectifier:
    """A ReLU over all images."""

    layer: str
    channels: int
    dead: int
    """Channels that are 0 in every cell for every image."""


@dataclass(frozen=True)
class LayerGradient:
    """The gradient of the mean loss in the weights of one layer."""

    layer: str
    gradient: float
    """Root mean square of its values."""
    weight: float
    """Root mean square of the weights."""

    @property
    def relative(self) -> float:
        """Gradient in units of the weights, which makes layers of different width comparable."""
        return self.gradient / self.weight if self.weight else 0.0


def rectifiers(
    model: nn.Module, card: Card, images: NDArray[np.uint8], numbers: NDArray[np.integer]
) -> tuple[Rectifier, ...]:
    """How much of every ReLU is dead over the chosen ones of `images` (uint8, N×H×W×C), in order of running."""
    alive: dict[str, Tensor] = {}
    kinds = {name for name, module in watched(model).items() if isinstance(module, _RECTIFIERS)}

    def look(name: str, output: Tensor) -> None:
        if name.partition(":")[0] in kinds and output.ndim > 1:
            fires = (output != 0).transpose(0, 1).flatten(1).any(1)
            alive[name] = fires | alive[name] if name in alive else fires

    with passing(model, look) as network, torch.inference_mode():
        for _, inputs in batches(card, images, numbers, batch_size=_batch_size(card)):
            network(fitting(network, inputs))
    return tuple(Rectifier(name, len(fires), int((~fires).sum())) for name, fires in alive.items())


def gradients(
    model: nn.Module,
    card: Card,
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    numbers: NDArray[np.integer],
) -> tuple[LayerGradient, ...]:
    """The gradient of the mean cross-entropy over the chosen images in every convolution's and linear layer's
    weights, in evaluation mode, first layer first. Nothing is left in the network's own gradients."""
    layers = {
        f"{name}.weight": name
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear) and module.weight.requires_grad
    }
    weights = {name: value for name, value in model.named_parameters() if name in layers}
    total = {name: torch.zeros_like(value) for name, value in weights.items()}
    with evaluating(model) as network, torch.enable_grad():
        for here, inputs in batches(card, images, numbers, batch_size=_batch_size(card)):
            truth = torch.as_tensor(labels[numbers[here]], dtype=torch.int64)
            output = network(fitting(network, inputs))
            loss = functional.cross_entropy(output.float(), truth.to(output.device), reduction="sum")
            found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True)
            for name, value in zip(weights, found, strict=True):
                if value is not None:
                    total[name] += value
    return tuple(
        LayerGradient(layers[name], _size(value / len(numbers)), _size(weights[name].detach()))
        for name, value in total.items()
    )


def batch_norms(model: nn.Module) -> int:
    """Number of batch norm layers."""
    return sum(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in model.modules())


def _batch_size(card: Card) -> int:
    return images_at_once(card.image_shape[:2], most=_BATCH, least=2)


def _size(values: Tensor) -> float:
    return float(values.double().square().mean().sqrt())
