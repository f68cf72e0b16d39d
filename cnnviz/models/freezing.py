"""Weights that training leaves as they are."""

from fnmatch import fnmatchcase

from torch import nn

from cnnviz.config import Freeze, FreezeBody, FreezeChildren, FreezeMatching, NoFreeze
from cnnviz.errors import ConfigError


def freeze(model: nn.Module, how: Freeze) -> None:
    """Have the chosen weights ask for no gradient.

    Raises ConfigError where nothing is chosen although something should be, or nothing would be left to train.
    """
    frozen = frozen_weights(model, how)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in frozen)
    if not isinstance(how, NoFreeze) and not frozen:
        raise ConfigError(f"freeze chooses no weights of this network: {_hint(model, how)}")
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ConfigError(f"freeze leaves nothing to train: {_hint(model, how)}")


def train_mode(model: nn.Module) -> nn.Module:
    """`model` in training mode, but for batch norm whose weights are frozen: it keeps its statistics, too."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and is_frozen(module):
            module.eval()
    return model


def is_frozen(module: nn.Module) -> bool:
    """Whether a module has weights, none of which is trained."""
    asked = [parameter.requires_grad for parameter in module.parameters()]
    return bool(asked) and not any(asked)


def head_of(model: nn.Module) -> str:
    """Name of the top-level part that ends with the last linear layer: the classifier."""
    layers = [name for name, module in model.named_modules() if isinstance(module, nn.Linear | nn.Conv2d)]
    return str(layers[-1]).partition(".")[0]


def frozen_weights(model: nn.Module, how: Freeze) -> set[str]:
    """Names of the weights that training leaves as they are."""
    names = [name for name, _ in model.named_parameters()]
    match how:
        case NoFreeze():
            return set()
        case FreezeBody():
            head = head_of(model)
            return {name for name in names if name.partition(".")[0] != head}
        case FreezeChildren(count=count):
            first = [name for name, _ in model.named_children()][:count]
            return {name for name in names if name.partition(".")[0] in first}
        case FreezeMatching(pattern=pattern):
            return {name for name in names if fnmatchcase(name, pattern)}


def _hint(model: nn.Module, how: Freeze) -> str:
    if isinstance(how, FreezeMatching):
        names = ", ".join(name for name, _ in list(model.named_parameters())[:6])
        return f"{how.pattern!r} is compared with {names}, …"
    parts = [name for name, _ in model.named_children()]
    return f"its parts are {', '.join(parts)}."
