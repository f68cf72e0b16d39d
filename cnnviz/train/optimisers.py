"""Optimisers from their configuration."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from cnnviz.config import Adadelta, Adam, AdamW, AnyOptimiser, RmsProp, Sgd


def build(options: AnyOptimiser, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser of those parameters that are not frozen, with PyTorch's fused step where it has one."""
    wanted = [parameter for parameter in parameters if parameter.requires_grad]
    common: dict[str, Any] = {"lr": options.learning_rate, "weight_decay": options.weight_decay}
    match options:
        case Sgd():
            return torch.optim.SGD(
                wanted, **common, momentum=options.momentum, nesterov=options.nesterov, fused=True
            )
        case Adam():
            return torch.optim.Adam(wanted, **common, fused=True)
        case AdamW():
            return torch.optim.AdamW(wanted, **common, fused=True)
        case RmsProp():
            return torch.optim.RMSprop(wanted, **common, momentum=options.momentum)
        case Adadelta():
            return torch.optim.Adadelta(wanted, **common)


def set_rates(optimiser: torch.optim.Optimizer, learning_rate: float, momentum: float | None) -> None:
    """Set the learning rate and, where given, the momentum (Adam: β₁) of the next step."""
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
        if momentum is not None and "betas" in group:
            group["betas"] = (momentum, group["betas"][1])
        elif momentum is not None and group.get("momentum"):
            group["momentum"] = momentum
