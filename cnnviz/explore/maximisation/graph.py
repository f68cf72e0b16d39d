"""Outputs of layers that still know how they came about, so that they can be followed back to the picture."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from cnnviz.errors import LayerNotFound
from cnnviz.explore.layers.capture import LayerReached, evaluating, first_tensor, fitting, module_of, watched
from cnnviz.explore.layers.channel_order import channels_first
from cnnviz.models.tracing import ModuleCall, tracing


def outputs(model: nn.Module, batch: Tensor, layers: Sequence[str]) -> dict[str, Tensor]:
    """Outputs of `layers` (named as `capture` names them) for `batch`, with their graph.

    The pass stops at the last of them. The network is held by this thread meanwhile, in evaluation mode; its
    hooks, modes and gradients are as before. Raises LayerNotFound.
    """
    modules = {name: module for name, module, _ in (module_of(model, layer) for layer in layers)}
    seen: dict[str, Tensor] = {}
    lay = channels_first(model)

    def keep(call: ModuleCall, output: Any) -> None:
        tensor = first_tensor(output)
        if call.layer not in layers or tensor is None:
            return
        # A copy, because the next layer may work in place (torchvision's ReLUs do).
        seen[call.layer] = lay(call, tensor).clone()
        if len(seen) == len(set(layers)):
            raise LayerReached

    with evaluating(model), tracing(model, modules, leave=keep), Redirected(), suppress(LayerReached):
        model(fitting(model, batch))
    for layer in layers:
        if layer not in seen:
            raise LayerNotFound(layer, available=watched(model))
    return seen


class Redirected(TorchFunctionMode):
    """In the block, a ReLU that is 0 all over a picture still tells which way would raise it.

    Without this, a channel that is silent for the noise at the start gives no gradient, and so would stay silent.
    """

    _relus = frozenset(
        {functional.relu, functional.relu_, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_}
    )

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in self._relus:
            values = args[0] if args else (kwargs or {})["input"]
            if values.requires_grad:
                return _relu(values)
        return func(*args, **(kwargs or {}))


def _relu(values: Tensor) -> Tensor:
    result: Tensor = _Relu.apply(values)
    return result


class _Relu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        ctx.save_for_backward(values > 0)
        return values.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (passing,) = ctx.saved_tensors
        gradient = gradients[0]
        plain = gradient * passing
        lost = ~plain.flatten(1).any(1).view(-1, *[1] * (gradient.ndim - 1))
        redirected: Tensor = torch.where(lost, gradient.clamp(min=0), plain)
        return redirected
