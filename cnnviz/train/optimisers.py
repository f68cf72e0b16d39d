"""Optimisers from their configuration."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn

from cnnviz.config import AnyOptimiser
from cnnviz.registry import entry


def _sgd(options: Any, parameters: list[nn.Parameter], common: dict[str, Any]) -> torch.optim.Optimizer:
    return torch.optim.SGD(
        parameters, **common, momentum=options.momentum, nesterov=options.nesterov, fused=True
    )


def _adam(options: Any, parameters: list[nn.Parameter], common: dict[str, Any]) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, **common, fused=True)


def _adamw(options: Any, parameters: list[nn.Parameter], common: dict[str, Any]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(parameters, **common, fused=True)


def _rmsprop(options: Any, parameters: list[nn.Parameter], common: dict[str, Any]) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(parameters, **common, momentum=options.momentum)


def _adadelta(options: Any, parameters: list[nn.Parameter], common: dict[str, Any]) -> torch.optim.Optimizer:
    return torch.optim.Adadelta(parameters, **common)


OPTIMISERS: Mapping[str, Callable[[Any, list[nn.Parameter], dict[str, Any]], torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adamw,
    "rmsprop": _rmsprop,
    "adadelta": _adadelta,
}
"""`OPTIMISERS[name](options, parameters, common)`, common being lr and weight_decay.
With PyTorch's fused step where it has one."""


def build(options: AnyOptimiser, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser of those parameters that are not frozen. Raises NotFound for one that is not known."""
    trainable = [parameter for parameter in parameters if parameter.requires_grad]
    common: dict[str, Any] = {"lr": options.learning_rate, "weight_decay": options.weight_decay}
    return entry("optimiser", options.name, OPTIMISERS)(options, trainable, common)


def set_rates(optimiser: torch.optim.Optimizer, learning_rate: float, momentum: float | None) -> None:
    """Set the learning rate and, where given, the momentum (Adam: β₁) of the next step."""
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
        if momentum is not None and "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        elif momentum is not None and group.get("momentum"):
            group["momentum"] = momentum
