"""From a live network to a graph and its tensors, by PyTorch's exporter."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cnnviz.errors import CheckpointError
from cnnviz.models.exported.checking import DTYPES
from cnnviz.models.exported.graph import Graph, StoredTensor
from cnnviz.models.exported.translation import translate
from cnnviz.models.tracing import ModuleCall, tracing

_MORE = 32
"""Pixels by which images are larger where it is tried whether their size is free."""


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
    given = _two(example)
    errors = []
    for free in _freedoms(model, given):
        try:
            return of_program(_program(model, given, free), chains=_chains(model))
        except Exception as error:  # the exporter runs the network's code, and raises what that leads it to
            errors.append(error)
    if isinstance(errors[-1], CheckpointError):
        raise errors[-1]
    line = (str(errors[0]).strip().splitlines() or [type(errors[0]).__name__])[0]
    raise CheckpointError(f"PyTorch can't export this network ({line[:200]}).") from errors[0]


def exported_program(model: nn.Module, example: Tensor) -> torch.export.ExportedProgram:
    """PyTorch's own of a network in evaluation mode; sizes that can be free are. Raises CheckpointError without any."""
    given = _two(example)
    for free in _freedoms(model, given):
        with suppress(Exception):  # the exporter runs the network's code, and raises what that leads it to
            return _program(model, given, free)
    raise CheckpointError("PyTorch can't export this network.")


def _two(example: Tensor) -> Tensor:
    """One image of a batch would be taken for a constant."""
    return example if len(example) > 1 else torch.cat([example, example])


def _freedoms(model: nn.Module, images: Tensor) -> list[tuple[int, ...]]:
    """Dimensions to leave free, the most first.

    For windows of a fixed size the exporter would reason for minutes that no other size goes.
    """
    every = [(0, 2, 3)] if _takes(model, nn.functional.pad(images, (0, _MORE) * 2)) else []
    return [*every, (0,)]


def _program(model: nn.Module, images: Tensor, free: Collection[int]) -> torch.export.ExportedProgram:
    """What PyTorch makes of it with those dimensions left free."""
    auto: Any = torch.export.Dim.AUTO
    modules = {name: module for name, module in model.named_modules() if name}
    with torch.no_grad(), tracing(model, modules, enter=_sizes_stay_simple):
        return torch.export.export(model, (images,), dynamic_shapes=(dict.fromkeys(free, auto),))


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
