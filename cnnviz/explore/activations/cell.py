"""One number of one map, worked out: what lies under the kernel, times the kernel, and what is done with the sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.errors import LayerNotFound
from cnnviz.explore.activations import cell_steps
from cnnviz.explore.activations.activation_maps import batch_of
from cnnviz.explore.activations.cell_steps import ArithmeticStep, Call, Place, Values
from cnnviz.explore.layers.capture import LayerReached, evaluating, first_tensor, fitting
from cnnviz.explore.layers.channel_order import channels_first
from cnnviz.explore.layers.structure import Layer, layer_named
from cnnviz.models.tracing import ModuleCall, tracing


@dataclass(frozen=True)
class Cell:
    """How a cell came by its value."""

    layer: str
    channel: int
    row: int
    column: int
    value: float
    """As the network gave it."""
    steps: tuple[ArithmeticStep, ...]
    """In order; the last one's value is the cell's, to within rounding."""
    patch: Values | None = None
    """Input under the kernel, (C, h, w), zero where it hangs over the edge; None where there is no kernel."""
    kernel: Values | None = None
    """(C, h, w)."""
    contributions: Values | None = None
    """Sum of patch × kernel for each input channel, (C,)."""
    source: str = ""
    """Layer that the patch is from, or "image"."""


def cell(
    model: nn.Module,
    image: NDArray[np.float32],
    listed: Sequence[Layer],
    layer: str,
    *,
    channel: int,
    row: int,
    column: int,
) -> Cell:
    """The arithmetic of one cell of `layer` for one normalised image (C, H, W): see `Trace.cell`.

    Raises LayerNotFound for another layer, and IndexError for a cell that the map does not have.
    """
    return trace(model, image, listed, layer).cell(channel=channel, row=row, column=column)


def trace(model: nn.Module, image: NDArray[np.float32], listed: Sequence[Layer], layer: str) -> Trace:
    """What all cells of `layer` are made of, for one normalised image (C, H, W). The pass stops at the layer.

    Raises LayerNotFound for another layer.
    """
    links = _chain(listed, layer)
    names = dict.fromkeys(name for link in links for name in (*link.names, link.into))
    calls = _run(model, image, list(names))
    for number in range(len(links) - 1, 0, -1):
        if not _holds(links, number, calls):
            links = [_Link((links[number].into,)), *links[number + 1 :]]
            if len(links) > 1 and links[1].names == links[0].names:
                del links[0]
            break
    first = next(one for one in listed if one.name == links[0].names[0])
    return Trace(layer, tuple(links), calls, first.input)


@dataclass(frozen=True)
class _Link:
    """One step of the way to a cell."""

    names: tuple[str, ...]
    """The layer whose module is applied; of branches that join, the layers that they end with."""
    joins: str = ""
    """Of branches that join: the layer that reads the sum, or the block that ends with it."""
    passes: bool = False
    """A block, whose output is that of the layer before."""

    @property
    def into(self) -> str:
        """The layer that has this step's value as its output, or as its input where branches join before it."""
        return self.joins or self.names[0]


@dataclass(frozen=True)
class Trace:
    """What went into the layers that decide a layer's cells, and what came out, in one pass.

    It reaches back from the layer through activations, batch norms and sums of branches, along the first branch, to
    the convolution or linear layer before them, or to what cannot be followed further, whose value is then taken as
    it comes.
    """

    layer: str
    links: tuple[_Link, ...]
    """In order, that of `layer` last."""
    calls: Mapping[str, Call]
    source: str
    """Layer that the first one reads, or "image"."""

    def cell(self, *, channel: int, row: int, column: int) -> Cell:
        """The arithmetic of one cell. Raises IndexError for one that the map does not have."""
        place = Place(channel, row, column)
        name = self.links[0].names[0]
        first = cell_steps.beginning(self.calls[name], place, name)
        steps = [first.step]
        for link in self.links[1:]:
            if link.passes:
                continue
            value = steps[-1].value
            if link.joins:
                others = {one: cell_steps.at(self.calls[one].output, place) for one in link.names[1:]}
                steps.append(cell_steps.joined({link.names[0]: value} | others))
            else:
                (name,) = link.names
                steps.append(cell_steps.following(self.calls[name].module, value, place, name))
        return Cell(
            layer=self.layer,
            channel=channel,
            row=row,
            column=column,
            value=cell_steps.at(self.calls[self.layer].output, place),
            steps=tuple(steps),
            patch=first.patch,
            kernel=first.kernel,
            contributions=None
            if first.patch is None or first.kernel is None
            else (first.patch * first.kernel).sum((1, 2)),
            source=self.source,
        )


def _chain(listed: Sequence[Layer], layer: str) -> list[_Link]:
    """The way to `layer` from the last layer with a kernel, as far as the records of layers tell.

    That branches are added, and that a block ends with a layer's own output, is taken for granted here: see `_holds`.
    """
    layer_named(listed, layer)
    by_name = {one.name: one for one in listed}

    def back(name: str) -> Iterator[_Link]:
        """Links from `name` backwards."""
        one = by_name[name]
        sources = _own_first(name if one.block else name.rpartition(".")[0], one.ends or one.inputs)
        known = [by_name[source] for source in sources if source in by_name]
        alike = len(known) == len(sources) and all(each.output_shape == one.output_shape for each in known)
        if one.block:
            if known and alike:
                yield _Link(sources, joins=name) if len(known) > 1 else _Link((name,), passes=True)
                yield from back(sources[0])
            else:
                yield _Link((name,))
            return
        yield _Link((name,))
        if one.kind not in cell_steps.FOLLOWING or not alike:
            return
        if len(known) > 1:
            yield _Link(sources, joins=name)
            yield from back(sources[0])
        elif one.input == sources[0]:
            yield from back(sources[0])

    return list(back(layer))[::-1]


def _own_first(block: str, sources: Sequence[str]) -> tuple[str, ...]:
    """Branches that join in a block: the first of its own, then the others, a shortcut from outside among them."""
    inside = [one for one in sources if one.startswith(f"{block}.")][:1]
    return (*inside, *(one for one in sources if one not in inside))


def _holds(links: Sequence[_Link], number: int, calls: Mapping[str, Call]) -> bool:
    """Whether a link's value is what it is taken for, in all cells of the map."""
    link = links[number]
    if link.joins:
        call = calls[link.joins]
        block = number + 1 == len(links) or links[number + 1].into != link.joins
        return _same(sum(calls[one].output for one in link.names), call.output if block else call.input)
    if link.passes:
        return _same(calls[links[number - 1].into].output, calls[link.names[0]].output)
    return True


def _same(expected: Any, found: Tensor) -> bool:
    return bool(
        expected.shape == found.shape
        and torch.allclose(expected, found, rtol=1e-5, atol=1e-5 * float(found.abs().max().clamp(min=1e-6)))
    )


def _run(model: nn.Module, image: NDArray[np.float32], names: Sequence[str]) -> dict[str, Call]:
    """Inputs and outputs of these layers in one pass."""
    seen: dict[str, Call] = {}
    entered: dict[str, Tensor] = {}
    lay = channels_first(model)
    modules = {name.partition(":")[0]: model.get_submodule(name.partition(":")[0]) for name in names}

    def enter(call: ModuleCall) -> None:
        tensor = first_tensor(call.args)
        if tensor is not None:
            entered[call.name] = tensor.detach().clone()  # the layer may work in place

    def leave(call: ModuleCall, output: Any) -> None:
        tensor = first_tensor(output)
        if call.layer in names and tensor is not None:
            # What is given a list of tensors, as DenseNet's layers are, is not followed into its input.
            given = lay(call, entered.get(call.name, torch.empty(0)))
            seen[call.layer] = Call(call.module, given, lay(call, tensor.detach()).clone())
            if len(seen) == len(names):
                raise LayerReached

    hooked = tracing(model, modules, enter=enter, leave=leave)
    with evaluating(model), hooked, suppress(LayerReached), torch.inference_mode():
        model(fitting(model, batch_of(image)))
    for name in names:
        if name not in seen:
            raise LayerNotFound(name, available=seen)
    return seen
