"""Looking into a network while it runs, and leaving it as it was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from cnnviz.errors import LayerNotFound
from cnnviz.explore.layers.channel_order import channels_first
from cnnviz.formatting import whole_number
from cnnviz.models.tracing import ModuleCall, tracing

_locks: WeakKeyDictionary[nn.Module, Any] = WeakKeyDictionary()
_locks_lock = Lock()


class LayerReached(BaseException):
    """The last layer asked for has fired. No Exception, so that no network can catch it by accident."""


@dataclass
class Capture:
    """What the layers of a network gave, filled by `run`."""

    model: nn.Module
    outputs: dict[str, Tensor] = field(default_factory=dict)
    """Outputs of the last pass, with the batch, in the order in which layers fired. Detached copies."""
    missing: tuple[str, ...] = ()
    """Layers asked for that have not fired yet."""
    fired: list[str] = field(default_factory=list)
    """Names of all outputs that passed by, kept or not."""

    def run(self, batch: Tensor) -> Tensor | None:
        """Output of the network for `batch`; None if the pass stopped at the last layer asked for.

        Runs without gradients on the network's device and in its precision.
        Raises LayerNotFound if a layer asked for did not fire (a `:2` for a module that runs once).
        """
        result = None
        with suppress(LayerReached), torch.inference_mode():
            result = first_tensor(self.model(fitting(self.model, batch)))
        if self.missing:
            raise LayerNotFound(self.missing[0], available=[*self.fired, *watched(self.model)])
        return result


@contextmanager
def capture(model: nn.Module, layers: Sequence[str] | None, *, stop: bool = True) -> Iterator[Capture]:
    """A Capture whose `run` keeps the outputs of `layers`; None keeps those of all `watched` modules.

        with capture(model, ["conv1", "layer1.0.relu:2"]) as seen:
            seen.run(batch)
        seen.outputs["conv1"]

    Maps are (N, C, H, W), whatever the order of axes in the network.
    A module that runs several times in one pass gives `name`, `name:2`, … With `stop` the pass ends after the
    last layer asked for; a plain `model(batch)` in the block then ends the block. In the block the network is
    in evaluation mode and held by this thread alone; after it, hooks and modes are as before.
    Raises LayerNotFound for a module that the network does not have.
    """
    names = None if layers is None else _by_run(model, layers)
    lay = channels_first(model)
    seen = Capture(model)

    def begin() -> None:
        seen.outputs.clear()
        seen.fired.clear()
        seen.missing = tuple(layers or ())

    def keep(call: ModuleCall, output: Any) -> None:
        seen.fired.append(call.layer)
        keys = [call.layer] if names is None else names[call.name].get(call.number, [])
        tensor = first_tensor(output)
        if tensor is None or not keys:
            return
        # A copy, because the next layer may work in place (torchvision's ReLUs do).
        copied = lay(call, tensor.detach()).clone()
        seen.outputs.update(dict.fromkeys(keys, copied))
        seen.missing = tuple(key for key in seen.missing if key not in keys)
        if stop and names is not None and not seen.missing:
            raise LayerReached

    modules = watched(model) if names is None else {name: model.get_submodule(name) for name in names}
    with evaluating(model), tracing(model, modules, begin=begin, leave=keep), suppress(LayerReached):
        yield seen


@contextmanager
def passing(model: nn.Module, look: Callable[[str, Tensor], None]) -> Iterator[nn.Module]:
    """The network; in the block, `look` is shown the name and output of every `watched` module as it passes by.

    The tensors are the network's own: to be read at once and never kept, as the next layer may work in place.
    Mode, hooks, lock and the order of axes are as with `capture`.
    """
    lay = channels_first(model)

    def show(call: ModuleCall, output: Any) -> None:
        tensor = first_tensor(output)
        if tensor is not None:
            look(call.layer, lay(call, tensor.detach()))

    with evaluating(model), tracing(model, watched(model), leave=show):
        yield model


@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """The network in evaluation mode, held by this thread; every module's mode is put back afterwards."""
    with lock_of(model):
        modes = [(module, module.training) for module in model.modules()]
        try:
            model.eval()
            yield model
        finally:
            for module, training in modes:
                module.training = training


def lock_of(model: nn.Module) -> Any:
    """The lock (re-entrant) to hold while a network's modules, modes or hooks are touched; one a network."""
    with _locks_lock:
        lock = _locks.get(model)
        if lock is None:
            lock = _locks[model] = RLock()
        return lock


def watched(model: nn.Module) -> dict[str, nn.Module]:
    """Modules worth looking at by name: those without children, and blocks that do more than chain them."""
    return {name: module for name, module in model.named_modules() if name and _worth_watching(module)}


def is_block(module: nn.Module) -> bool:
    """Whether a module has parts of its own and its own way of joining them (a residual block, say)."""
    return any(module.children())


def fitting(model: nn.Module, batch: Tensor) -> Tensor:
    """`batch` on the network's device and in its floating-point type."""
    parameter = next((value for value in model.parameters() if value.is_floating_point()), None)
    return batch if parameter is None else batch.to(parameter.device, parameter.dtype)


def first_tensor(output: Any) -> Tensor | None:
    """The tensor that a module gave, or the first one of several; None if there is none."""
    if isinstance(output, Tensor):
        return output
    values = (
        output.values() if isinstance(output, dict) else output if isinstance(output, list | tuple) else ()
    )
    return next((value for value in values if isinstance(value, Tensor)), None)


def _worth_watching(module: nn.Module) -> bool:
    return not is_block(module) or type(module).forward is not nn.Sequential.forward


def module_of(model: nn.Module, layer: str) -> tuple[str, nn.Module, int]:
    """The module that a layer is an output of, with its name, and the number of its run.

    Raises LayerNotFound for a module that the network does not have.
    """
    name, colon, text = layer.partition(":")
    number = (whole_number(text) or 0) if colon else 1
    module = dict(model.named_modules(remove_duplicate=False)).get(name)
    if not name or module is None or number < 1:
        raise LayerNotFound(layer, available=watched(model))
    return name, module, number


def _by_run(model: nn.Module, layers: Sequence[str]) -> dict[str, dict[int, list[str]]]:
    """The layers by module and number of the run."""
    found: dict[str, dict[int, list[str]]] = {}
    for layer in layers:
        name, _, number = module_of(model, layer)
        found.setdefault(name, {}).setdefault(number, []).append(layer)
    return found
