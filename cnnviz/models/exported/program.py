"""From a live network to a graph and its tensors, by PyTorch's exporter."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from cnnviz.errors import CheckpointError
from cnnviz.models.exported import building
from cnnviz.models.exported.checking import DTYPES
from cnnviz.models.exported.graph import Argument, Graph, Stored, StoredTensor
from cnnviz.models.exported.translation import translate
from cnnviz.models.tracing import ModuleCall, tracing

_MORE = 32
"""Pixels by which images are larger where it is tried whether their size is free."""
_NEAR = 1e-3
"""How far scores may be from the network's, which may compute them in another order."""

_INVOLVED = 48
"""Operations in the formula of a side: convolutional networks have up to ten, Swin 36."""


@dataclass(frozen=True)
class Exported:
    """A network without its code."""

    graph: Graph
    tensors: Mapping[str, Tensor]
    """All that the graph names, on the CPU."""


def export(model: nn.Module, example: Tensor) -> Exported:
    """`model` as a graph, found by one pass of `example` (N, C, H, W); its mode is put back afterwards.

    The number of images is left free, and height and width where the network allows it.
    Raises CheckpointError, which says why, where it can't be.
    """
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        return _exported(model, example)
    finally:
        _afresh(model)
        for module, training in modes:
            module.training = training


def fixed(model: nn.Module, example: Tensor) -> Exported:
    """`model`, which is in evaluation mode, as a graph for images of the size of `example` (1, C, H, W) alone.

    Raises CheckpointError where it can't be.
    """
    try:
        return of_program(_program(model, _two(example), (0,)), chains=_chains(model))
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError("PyTorch can't export this network.") from error


def of_program(program: torch.export.ExportedProgram, *, chains: frozenset[str] = frozenset()) -> Exported:
    """An exported program as a graph and tensors. Raises CheckpointError where it needs what the bench lacks."""
    from torch._export.serde.serialize import serialize

    content = json.loads(serialize(program).exported_program)
    tensors: dict[str, Tensor] = {}
    for name, value in (*program.state_dict.items(), *program.constants.items()):
        if not isinstance(value, Tensor):
            raise CheckpointError(f"The network holds something that is no tensor ({name[:60]}).")
        tensors[name] = value.detach().cpu()
    graph = translate(content, {name: described(name, value) for name, value in tensors.items()}, chains)
    return Exported(graph, {name: tensors[name] for name in graph.tensors})


def described(name: str, value: Tensor) -> StoredTensor:
    """What a graph says of a tensor. Raises CheckpointError for one of another precision, or that is not plain."""
    dtype = str(value.dtype).removeprefix("torch.")
    if dtype not in DTYPES or value.layout != torch.strided or value.is_quantized:
        raise CheckpointError(f"The network's {name[:60]} is {dtype}: export it after model.float().")
    return StoredTensor(dtype, tuple(value.shape), isinstance(value, nn.Parameter))


def _exported(model: nn.Module, example: Tensor) -> Exported:
    given, errors = _two(example), []
    for images, free in _attempts(model, given):
        try:
            found = _with_second_names(
                of_program(_program(model, images, free), chains=_chains(model)), model
            )
            if 2 in free:
                _hold(_rebuilt(found), model, given)
        except Exception as error:  # the exporter runs the network's code, and raises what that leads it to
            errors.append(error)
        else:
            height, width = given.shape[2:]
            return replace(found, graph=replace(found.graph, example=(height, width)))
    if isinstance(errors[-1], CheckpointError):
        raise errors[-1]
    line = (str(errors[0]).strip().splitlines() or [type(errors[0]).__name__])[0]
    raise CheckpointError(f"PyTorch can't export this network ({line[:200]}).") from errors[0]


def exported_program(model: nn.Module, example: Tensor) -> torch.export.ExportedProgram:
    """PyTorch's own of a network in evaluation mode; sizes that can be free are. Raises CheckpointError without any."""
    given = _two(example)
    for images, free in _attempts(model, given):
        with suppress(Exception):  # the exporter runs the network's code, and raises what that leads it to
            program = _program(model, images, free)
            if 2 in free:
                _hold(program.module(), model, given)
            return program
    raise CheckpointError("PyTorch can't export this network.")


def _two(example: Tensor) -> Tensor:
    """One image of a batch would be taken for a constant."""
    return example if len(example) > 1 else torch.cat([example, example])


def _attempts(model: nn.Module, given: Tensor) -> list[tuple[Tensor, tuple[int, ...]]]:
    """Images to export with, and their dimensions to leave free, the most first.

    Larger images, because a map that is 1 × 1 is taken for a constant. For windows of a fixed size the exporter would
    reason for minutes that no other size goes, so it is tried first.
    """
    more = _larger(given)
    free = [(given, (0, 2, 3)), (more, (0, 2, 3))] if _takes(model, more) else []
    return [*free, (given, (0,))]


def _larger(images: Tensor) -> Tensor:
    return nn.functional.pad(images, (0, _MORE) * 2)


def _hold(again: nn.Module, model: nn.Module, given: Tensor) -> None:
    """Raises ValueError where `again` does not give what the network gives: a size that seems free may not be."""
    for images in (given, _larger(given)):
        with torch.no_grad():
            ours, theirs = again(images), tree_leaves(model(images))
        for one in tree_leaves(ours):
            if not any(
                one.shape == other.shape and torch.allclose(one, other, rtol=_NEAR, atol=_NEAR)
                for other in theirs
            ):
                raise ValueError("its sizes are not free")


def _rebuilt(found: Exported) -> nn.Module:
    made = building.network(found.graph)
    made.load_state_dict(dict(found.tensors))
    return made.eval()


def _with_second_names(found: Exported, model: nn.Module) -> Exported:
    """Weights that several layers share are each layer's own again, under its name: the exporter knows one name."""
    names: dict[int, list[str]] = {}
    for name, value in model.named_parameters(remove_duplicate=False):
        names.setdefault(id(value), []).append(name)
    known_as = {name: several for several in names.values() if len(several) > 1 for name in several}
    shared: dict[str, str] = {}

    def own(argument: Argument, module: str) -> Argument:
        if isinstance(argument, tuple):
            return tuple(own(one, module) for one in argument)
        if not isinstance(argument, Stored) or argument.name.rpartition(".")[0] == module:
            return argument
        others = (name for name in known_as.get(argument.name, ()) if name.rpartition(".")[0] == module)
        second = next(others, None)
        if second is None:
            return argument
        shared[second] = argument.name
        return Stored(second)

    calls = []
    for call in found.graph.calls:
        module = call.within[-1].partition("@")[0] if call.within else ""
        args = tuple(own(one, module) for one in call.args)
        calls.append(
            replace(call, args=args, keywords=tuple((key, own(one, module)) for key, one in call.keywords))
        )
    tensors = {second: found.tensors[name] for second, name in shared.items()}
    stored = {second: found.graph.tensors[name] for second, name in shared.items()}
    graph = replace(found.graph, calls=tuple(calls), tensors={**found.graph.tensors, **stored}, shared=shared)
    return Exported(graph, {**found.tensors, **tensors})


def _program(model: nn.Module, images: Tensor, free: Collection[int]) -> torch.export.ExportedProgram:
    """What PyTorch makes of it with those dimensions left free."""
    auto: Any = torch.export.Dim.AUTO
    modules = {name: module for name, module in model.named_modules() if name}
    _afresh(model)
    with torch.no_grad(), tracing(model, modules, enter=_sizes_stay_simple):
        return torch.export.export(model, (images,), dynamic_shapes=(dict.fromkeys(free, auto),))


def _afresh(model: nn.Module) -> None:
    """Have a network forget what it keeps of its weights while it is evaluated, as LeViT's attention does.

    That would be exported as a constant; and what is kept in an export is no tensor to compute with.
    """
    model.train()
    model.eval()


def _sizes_stay_simple(call: ModuleCall) -> None:
    """Raises for sizes that the exporter would reason about for minutes, as where maps are padded to whole windows."""
    for given in call.args:
        sides: Iterable[Any] = given.shape if isinstance(given, Tensor) else ()
        for side in sides:
            if isinstance(side, torch.SymInt) and side.node.expr.count_ops() > _INVOLVED:
                raise ValueError("its sizes depend on that of the image in a way too involved")


def _takes(model: nn.Module, images: Tensor) -> bool:
    """Whether a network can do with images of this size."""
    try:
        with torch.no_grad():
            model(images)
    except Exception:  # whatever its code raises
        return False
    return True


def _chains(model: nn.Module) -> frozenset[str]:
    return frozenset(
        name for name, module in model.named_modules() if type(module).forward is nn.Sequential.forward
    )
