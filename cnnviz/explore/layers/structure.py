"""The layers of a network in the order in which they run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from cnnviz.errors import LayerNotFound
from cnnviz.explore.layers.arithmetic import MultiplyAccumulates, parameters_in_words
from cnnviz.explore.layers.capture import evaluating, first_tensor, fitting, is_block, watched
from cnnviz.explore.layers.channel_order import channels_first
from cnnviz.explore.layers.field_tracking import Fields
from cnnviz.explore.layers.origins import Origins
from cnnviz.explore.layers.receptive_field import Field
from cnnviz.models.tracing import ModuleCall, tracing


@dataclass(frozen=True)
class Layer:
    """One output that can be looked at."""

    index: int
    """Place in the order of running, from 0."""
    name: str
    """Dotted name of the module, with `:2` for its second output in one pass; what `capture` takes."""
    kind: str
    """Class of the module: Conv2d, ReLU, BasicBlock, …"""
    output_shape: tuple[int, ...]
    """Without the batch: (C, H, W) or (units,)."""
    parameters: int
    """Numbers it learns, each counted once: 0 for a second output, and for a block without its own.

    What the network itself holds, as ViT its class token, counts for the layer that reads it first.
    """
    depth: int
    """Modules around it, 0 for one that the network holds directly."""
    input: str
    """Where its input comes from: "image", a layer's name, with " + …" if it was changed in place since."""
    inputs: tuple[str, ...]
    """All layers that its input was made from, "image" among them: several where branches join before it."""
    ends: tuple[str, ...]
    """Of a block: the layers that its output was made from, several where its branches join at its end."""
    block: bool
    """Output of a whole block (after a residual addition, say); otherwise of a single module."""
    idle: bool
    """Passes its input on unchanged when evaluated, as dropout does."""
    tokens: Literal["", "patches", "windows"]
    """Of what its maps are the tokens: of patches, laid out as these lie, a class token left out; or of windows, with
    a row for each window and a column for each of its tokens. Empty for maps that a layer gives as such."""
    frozen: bool
    """Has numbers of its own, none of which was trained."""
    arithmetic: str
    """Its parameters as a product, (5·5·3 + 1)·32; empty for a block."""
    macs: int
    """Multiply-accumulates for one image, without those of layers inside; 0 for a block whose layers have them all."""
    field: Field | None
    """What one cell of its output sees of the image."""

    @property
    def label(self) -> str:
        """Name, kind and size for a list."""
        kind = f"{self.kind}, block output" if self.block else self.kind
        return f"{self.name} ({kind}, {'×'.join(map(str, self.output_shape))})"


@dataclass(frozen=True)
class _Call:
    module: str
    name: str
    output_shape: tuple[int, ...]
    """Channels first."""
    tokens: Literal["", "patches", "windows"]
    input: str
    inputs: tuple[str, ...]
    ends: tuple[str, ...]
    idle: bool
    macs: int
    field: Field | None


def layers(
    model: nn.Module, input_shape: Sequence[int], *, frozen: Collection[str] = frozenset()
) -> list[Layer]:
    """All layers of `model` in the order in which they run, found by one pass of an image (C, H, W).

    `frozen` names the weights that were not trained.
    """
    modules = watched(model)
    calls, readers = _trace(model, modules, input_shape)
    owned = _parameters(model, {call.module for call in calls}, readers)
    return [
        Layer(
            index=index,
            name=call.name,
            kind=type(modules[call.module]).__name__,
            output_shape=call.output_shape,
            parameters=owned[call.module] if call.name == call.module else 0,
            depth=call.module.count("."),
            input=call.input,
            inputs=call.inputs,
            ends=call.ends if is_block(modules[call.module]) else (),
            block=is_block(modules[call.module]),
            idle=call.idle,
            tokens=call.tokens,
            frozen=_is_frozen(modules[call.module], call.module, frozen),
            arithmetic=parameters_in_words(modules[call.module]) if call.name == call.module else "",
            macs=call.macs,
            field=call.field,
        )
        for index, call in enumerate(calls)
    ]


def _is_frozen(module: nn.Module, name: str, frozen: Collection[str]) -> bool:
    own = [f"{name}.{key}" for key, _ in module.named_parameters()]
    return bool(own) and all(key in frozen for key in own)


def layer_named(listed: Sequence[Layer], name: str) -> Layer:
    """The layer called `name`. Raises LayerNotFound, which names those that exist."""
    for layer in listed:
        if layer.name == name:
            return layer
    raise LayerNotFound(name, available=[layer.name for layer in listed])


def _trace(
    model: nn.Module, modules: dict[str, nn.Module], input_shape: Sequence[int]
) -> tuple[list[_Call], dict[str, str]]:
    """One record for each output, in order; and the modules that first read the network's own parameters, by these.

    Tensors are told apart by identity, so all are kept.
    """
    readers: dict[str, str] = {}
    calls: list[_Call] = []
    lay = channels_first(model)
    sources: dict[int, tuple[Tensor, int, str]] = {}
    entered: list[tuple[Tensor | None, int, str, tuple[str, ...]]] = []

    def source_of(tensor: Tensor) -> str:
        for known in (tensor, tensor._base):
            if known is not None and id(known) in sources:
                _, version, name = sources[id(known)]
                return name if known._version == version else f"{name} + …"
        return "several layers"

    def enter(call: ModuleCall) -> None:
        tensor = first_tensor(call.args)
        version, source = (
            (tensor._version, source_of(tensor)) if tensor is not None else (0, "several layers")
        )
        inputs = origins.of(call.args)
        for name in inputs:
            if name in own:
                readers.setdefault(name, call.name)
        entered.append((tensor, version, source, tuple(name for name in inputs if name not in own)))
        counted.begin()

    def leave(call: ModuleCall, output: Any) -> None:
        tensor, version, source, inputs = entered.pop()
        result, macs = first_tensor(output), counted.end()
        if result is None:
            return
        fields.passed(call.module, tensor, result)
        same = tensor is not None and result.data_ptr() == tensor.data_ptr()
        idle = same and tensor is not None and result.shape == tensor.shape and tensor._version == version
        laid = lay(call, result)
        calls.append(
            _Call(
                module=call.name,
                name=call.layer,
                output_shape=tuple(laid.shape[1:]),
                tokens="" if laid.ndim != 4 or result.ndim == 4 else _tokens(result),
                input=source,
                inputs=inputs,
                ends=tuple(name for name in origins.of(result) if name not in own),
                idle=idle,
                macs=macs,
                field=fields.of(result),
            )
        )
        sources[id(result)] = (result, result._version, call.layer)
        origins.name(result, call.layer)

    image = fitting(model, torch.zeros(1, *input_shape))
    sources[id(image)] = (image, image._version, "image")
    fields, origins, counted = Fields(image), Origins(image), MultiplyAccumulates()
    own = dict(model.named_parameters(recurse=False))
    for name, parameter in own.items():
        origins.name(parameter, name)
    # Not inference mode: its tensors don't count how often they were changed in place.
    with (
        evaluating(model),
        tracing(model, modules, enter=enter, leave=leave),
        torch.no_grad(),
        fields,
        origins,
        counted,
    ):
        model(image)
    return calls, readers


def _tokens(output: Tensor) -> Literal["patches", "windows"]:
    """What the tokens of one image are of: (1, T, C) or (T, C) of patches, (W, T, C) of W windows."""
    return "windows" if output.ndim == 3 and len(output) > 1 else "patches"


def _parameters(model: nn.Module, ran: set[str], readers: Mapping[str, str]) -> Counter[str]:
    """Numbers learnt by each module that ran, with those of parts that did not run by themselves.

    Of the network's own parameters, `readers` has the module that each counts for.
    """
    owned: Counter[str] = Counter()
    for parameter_name, parameter in model.named_parameters():
        owner = readers.get(parameter_name, parameter_name)
        while owner and owner not in ran:
            owner = owner.rpartition(".")[0]
        owned[owner] += parameter.numel()
    return owned
