"""Copies of a network that may be hooked and rebuilt, so that the network itself need not be touched.

A twin shares the weights' memory with its network and nothing else: it has modules of its own, in evaluation mode,
with no operation in place, and its weights ask for no gradient.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import torch
from captum.attr._utils.custom_modules import Addition_Module
from torch import Tensor, fx, nn
from torch.nn import functional

from cnnviz.errors import CnnvizError
from cnnviz.explore.layers.capture import lock_of

_twins: WeakKeyDictionary[nn.Module, dict[str, tuple[tuple[int, ...], nn.Module]]] = WeakKeyDictionary()
_SAME = 1e-6
"""How far logits of a rebuilt network may be off, relative to the largest."""


class CannotRebuild(CnnvizError):
    """A network whose calls could not be told apart."""


def plain(model: nn.Module) -> nn.Module:
    """The twin that is only run, never hooked: it needs no lock."""
    return _kept(model, "plain", _copy)


def hooked(model: nn.Module) -> nn.Module:
    """The twin whose layers are hooked now and then: hold `lock_of` it meanwhile."""
    return _kept(model, "hooked", _copy)


def single_use(model: nn.Module, image: Tensor, *, own_weights: bool = False) -> nn.Module:
    """A fresh twin in which every call has a module of its own, ReLUs and sums (Addition_Module) among them.

    What DeepLift, LRP and guided methods need: they keep notes on a module from the pass forward to the pass back.
    `own_weights` copies the weights, too. `image` (1, C, H, W) is what its logits are compared for.
    Raises CannotRebuild where the code of the network can't be traced, or what comes out is another network.
    """
    rebuilt = _kept(model, "single use", lambda original: _rebuilt(original, image))
    return copy.deepcopy(rebuilt) if own_weights else _copy(rebuilt)


def _kept(model: nn.Module, kind: str, make: Callable[[nn.Module], nn.Module]) -> nn.Module:
    with lock_of(model):
        places = tuple(value.data_ptr() for value in (*model.parameters(), *model.buffers()))
        known = _twins.setdefault(model, {})
        if kind not in known or known[kind][0] != places:
            known[kind] = places, make(model)
        return known[kind][1]


def _copy(model: nn.Module) -> nn.Module:
    memo: dict[int, Any] = {
        id(value): nn.Parameter(value.detach(), requires_grad=False) for value in model.parameters()
    }
    memo |= {id(value): value.detach() for value in model.buffers()}
    twin = copy.deepcopy(model, memo).eval()
    for module in twin.modules():
        if getattr(module, "inplace", False) is True:
            setattr(module, "inplace", False)  # noqa: B010 (modules declare no such attribute)
    return twin


def _rebuilt(model: nn.Module, image: Tensor) -> nn.Module:
    twin = _copy(model)
    try:
        traced = fx.symbolic_trace(twin)
        modules: dict[str, nn.Module] = {}
        for number, node in enumerate(list(traced.graph.nodes)):
            _give_module(traced, node, f"n{number}", modules)
        for node in traced.graph.nodes:
            if node.op == "get_attr":
                modules[node.target] = _attribute(traced, node.target)
        rebuilt = fx.GraphModule(modules, traced.graph).eval()
        with torch.no_grad():
            expected, found = twin(image), rebuilt(image)
    except Exception as error:  # whatever the code of a network does while it is traced
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise CannotRebuild(f"Its code can't be traced call by call ({why}).") from error
    if (expected - found).abs().max() > _SAME * expected.abs().max().clamp(min=1):
        raise CannotRebuild("Traced call by call it gives other logits.")
    return rebuilt


def _attribute(traced: nn.Module, target: str) -> Any:
    owner, _, name = target.rpartition(".")
    return getattr(traced.get_submodule(owner), name)


def _give_module(traced: fx.GraphModule, node: fx.Node, name: str, modules: dict[str, nn.Module]) -> None:
    """Put a module of its own in the place of a call."""
    name = f"{name}_{str(node.target).replace('.', '_')}" if node.op == "call_module" else name
    if node.op == "call_module":
        module = _copy(traced.get_submodule(str(node.target)))
        source: Any = node.args[0] if node.args else None
        if isinstance(module, nn.Identity | nn.Dropout | nn.Dropout2d):
            node.replace_all_uses_with(source)
            traced.graph.erase_node(node)
            return
        if isinstance(module, nn.Flatten):
            with traced.graph.inserting_before(node):
                flat = traced.graph.call_function(torch.flatten, (source, module.start_dim, module.end_dim))
            node.replace_all_uses_with(flat)
            traced.graph.erase_node(node)
            return
        modules[name] = module
        node.target = name
    elif node.target in _RELUS:
        _becomes(node, name, nn.ReLU(), node.args[:1], modules)
    elif node.target in _SUMS and len(node.args) == 2 and all(isinstance(one, fx.Node) for one in node.args):
        _becomes(node, name, Addition_Module(), node.args, modules)


def _becomes(node: fx.Node, name: str, module: nn.Module, args: Any, modules: dict[str, nn.Module]) -> None:
    modules[f"{name}_{type(module).__name__}"] = module
    node.op, node.target, node.args, node.kwargs = "call_module", f"{name}_{type(module).__name__}", args, {}


_RELUS = (functional.relu, torch.relu, torch.relu_, "relu", "relu_")
_SUMS = (operator.add, operator.iadd, torch.add, "add", "add_")
