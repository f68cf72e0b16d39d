"""From a graph to a network of PyTorch, with the modules and the names that it was written with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from cnnviz.config.network import Exported
from cnnviz.errors import CheckpointError, ConfigError
from cnnviz.models.exported import graph as graphs
from cnnviz.models.exported import layers, library
from cnnviz.models.exported.graph import Argument, Call, Graph, Stored, StoredTensor, Value, values_in
from cnnviz.models.exported.interpreted import Interpreted, Network, Own, Size, Sizes, Slot, Step, Steps
from cnnviz.models.exported.operators import function


def build(options: Exported, *, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    """The network of a graph, without its values. Raises ConfigError where it does not fit images or classes."""
    found = library.recall(options.graph)
    if classes != found.classes:
        raise ConfigError(f"This network tells {found.classes:,} classes apart, not {classes:,}.")
    sides = (image_shape[2], image_shape[0], image_shape[1])
    if any(own not in (None, side) for own, side in zip(found.image, sides, strict=True)):
        size = " × ".join("any" if side is None else str(side) for side in found.image)
        raise ConfigError(f"This network reads images of {size} (channels, height, width), and no others.")
    return network(found)


def network(graph: Graph) -> nn.Module:
    """A module that does what a sound graph says; all its tensors are there, their values are not.

    Raises CheckpointError for names that no module can have.
    """
    try:
        return _Builder(graph).network()
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            "The network's graph is not sound (its names collide): export it again."
        ) from error


@dataclass
class _Scope:
    """What is being written down of one call of a module."""

    path: str
    own: bool = True
    """Whether the module's tensors are its own; those of a second variant are handed to it."""
    block: bool = True
    """Whether other modules are called in it."""
    known: dict[str, int] = field(default_factory=dict)
    """Values and tensors from outside, and values made here, by number."""
    steps: list[Step] = field(default_factory=list)
    callees: list[Callable[..., Any]] = field(default_factory=list)

    functions: Counter[str] = field(default_factory=Counter)
    """How often functions were called that became layers."""

    def number(self, name: str) -> int:
        return self.known.setdefault(name, len(self.known))


_CALL = "_call"
_MOST_WRITTEN = 2_000_000
"""Calls, each as often as modules lie around it."""


class _Builder:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._readers: dict[str, int] = {graph.output: len(graph.calls)}
        for at, call in enumerate(graph.calls):
            for one in _read_by(call):
                if isinstance(one, Value):
                    self._readers[one.name] = max(at, self._readers.get(one.name, -1))
        self._tensors: dict[str, dict[str, StoredTensor]] = {}
        for name, tensor in graph.tensors.items():
            owner, _, own = name.rpartition(".")
            self._tensors.setdefault(owner, {})[own] = tensor
        self._sizes = Sizes()
        self._numbers = frozenset(
            name
            for call in graph.calls
            if call.operation == "sym_size" or call.operation.startswith("number.")
            for name in call.names
        )
        self._variants: dict[str, list[tuple[Steps, nn.Module]]] = {}
        """For each module what its calls do: one thing, as a rule."""
        self._written = 0
        self._taken = frozenset((*graph.modules, *graph.tensors, *_holders(graph)))
        """Names that no layer made of a function may have."""

    def network(self) -> nn.Module:
        scope = _Scope("", known={graphs.IMAGE: 0})
        self._write(scope, 0, len(self._graph.calls), 0)
        steps = _steps(scope, 1, [scope.known[self._graph.output]])
        root = Network(steps, scope.callees, self._sizes, image=self._graph.image)
        self._fill(root, "")
        for path, variants in self._variants.items():
            for number, (_, module) in enumerate(variants):
                _put(root, _variant(path, number), module)
        for path in sorted(self._tensors):
            if path and path not in self._variants:
                self._fill(_at(root, path), path)
        for second, name in self._graph.shared.items():
            owner, _, own = second.rpartition(".")
            setattr(_at(root, owner), own, root.get_parameter(name))
        return root

    def _write(self, scope: _Scope, start: int, end: int, depth: int) -> None:
        """Steps for the calls from `start` to `end`, which lie `depth` modules deep."""
        calls, at = self._graph.calls, start
        while at < end:
            if len(calls[at].within) == depth:
                self._write_operation(scope, calls[at])
                at += 1
                continue
            key, first = calls[at].within[depth], at
            while at < end and len(calls[at].within) > depth and calls[at].within[depth] == key:
                at += 1
            self._write_module(scope, key.partition("@")[0], first, at, depth + 1)

    def _write_operation(self, scope: _Scope, call: Call) -> None:
        args = tuple(self._local(one, scope) for one in call.args)
        keywords = tuple((key, self._local(one, scope)) for key, one in call.keywords)
        step = Step(call.operation, False, args, keywords, self._gives(call.gives, scope))
        if scope.block and (made := layers.of_function(step)) is not None:
            self._write_function(scope, step, made)
            return
        scope.steps.append(step)
        scope.callees.append(function(call.operation))

    def _write_function(self, scope: _Scope, step: Step, made: nn.Module) -> None:
        """A function between layers becomes a layer of its own, so that it can be looked at: relu, relu_2 …"""
        name = step.operation.strip("_")
        while True:
            scope.functions[name] += 1
            number = scope.functions[name]
            path = _prefix(scope.path) + (name if number == 1 else f"{name}_{number}")
            if path not in self._taken:
                break
        alone = Steps(1, (Step(step.operation, False, step.args[1:], step.keywords, 0),), (0,))
        variants = self._variants.setdefault(path, [])
        number = next((at for at, (known, _) in enumerate(variants) if known == alone), len(variants))
        if number == len(variants):
            variants.append((alone, made))
        scope.steps.append(Step(_variant(path, number), True, step.args[:1], (), step.gives))
        scope.callees.append(variants[number][1])

    def _gives(
        self, gives: str | tuple[str | None, ...], scope: _Scope
    ) -> int | Size | tuple[int | None, ...]:
        if isinstance(gives, str):
            return Size(gives) if gives in self._numbers else scope.number(gives)
        return tuple(None if name is None else scope.number(name) for name in gives)

    def _local(self, argument: Argument, scope: _Scope) -> Argument:
        match argument:
            case Value(name):
                return Size(name) if name in self._numbers else Slot(scope.number(name))
            case Stored(name):
                if scope.own and name.startswith(_prefix(scope.path)):
                    return Own(name.removeprefix(_prefix(scope.path)))
                return Slot(scope.number(_foreign(name)))
            case tuple():
                return tuple(self._local(one, scope) for one in argument)
        return argument

    def _write_module(self, scope: _Scope, path: str, start: int, end: int, depth: int) -> None:
        """One call of a module: its steps become a module, or are found to be those of one that is there."""
        self._written += end - start
        if self._written > _MOST_WRITTEN:
            raise CheckpointError("The network's modules call each other without end: it is damaged.")
        outputs = self._outputs(start, end)
        for own in (True, False):
            inputs = self._inputs(path if own else None, start, end)
            known = {name: number for number, name in enumerate(inputs)}
            block = any(len(call.within) > depth for call in self._graph.calls[start:end])
            inner = _Scope(path, own, block, known)
            self._write(inner, start, end, depth)
            steps = _steps(inner, len(inputs), [inner.known[name] for name in outputs])
            variants = self._variants.setdefault(path, [])
            number = next((at for at, (known, _) in enumerate(variants) if known == steps), len(variants))
            if not own or not variants or number < len(variants):
                break
        if number == len(variants):
            variants.append((steps, self._module(path, steps, inner.callees, own=own)))
        args = tuple(self._local(_outer(name), scope) for name in inputs)
        gives = outputs[0] if len(outputs) == 1 else tuple(outputs)
        scope.steps.append(Step(_variant(path, number), True, args, (), self._gives(gives, scope)))
        scope.callees.append(variants[number][1])

    def _module(
        self, path: str, steps: Steps, callees: Sequence[Callable[..., Any]], *, own: bool
    ) -> nn.Module:
        described = self._graph.modules[path]
        tensors = self._tensors.get(path, {}) if own else {}
        if (made := layers.layer(steps, tensors, described.kind)) is not None:
            return made
        if described.chain and not tensors and _is_chain(steps, path):
            return _class(described.kind, nn.Sequential)()
        module = _class(described.kind, Interpreted)(steps, callees, self._sizes)
        if own:
            self._fill(module, path)
        return module

    def _inputs(self, path: str | None, start: int, end: int) -> list[str]:
        """What the calls read from outside: values first, then tensors of other modules."""
        made: set[str] = set()
        values, foreign = [], []
        for call in self._graph.calls[start:end]:
            for one in _read_by(call):
                if isinstance(one, Stored):
                    if path is None or not one.name.startswith(_prefix(path)):
                        foreign.append(_foreign(one.name))
                elif one.name not in made and one.name not in self._numbers:
                    values.append(one.name)
            made.update(call.names)
        return list(dict.fromkeys((*values, *foreign)))

    def _outputs(self, start: int, end: int) -> list[str]:
        """What is read of it afterwards; where that is nothing, as in a head that is left out, its last value."""
        names = [name for call in self._graph.calls[start:end] for name in call.names]
        values = [name for name in names if name not in self._numbers]
        return [name for name in values if self._readers.get(name, -1) >= end] or values[-1:]

    def _fill(self, module: nn.Module, path: str) -> None:
        """Give a module the tensors that are its own."""
        for name, one in self._tensors.get(path, {}).items():
            empty = torch.zeros(one.shape, dtype=getattr(torch, one.dtype))
            if one.trained:
                module.register_parameter(name, nn.Parameter(empty, requires_grad=empty.is_floating_point()))
            else:
                module.register_buffer(name, empty)


def _read_by(call: Call) -> Iterator[Value | Stored]:
    for argument in (*call.args, *(value for _, value in call.keywords)):
        yield from values_in(argument)


def _foreign(name: str) -> str:
    """A tensor of another module among values, whose names have no space."""
    return f"tensor {name}"


def _outer(name: str) -> Value | Stored:
    return Stored(name.removeprefix("tensor ")) if name.startswith("tensor ") else Value(name)


@lru_cache(maxsize=1000)
def _class(kind: str, base: type[nn.Module]) -> type[nn.Module]:
    """A class of that name, as people know their modules by it."""
    return base if kind == base.__name__ else type(kind, (base,), {})


def _holders(graph: Graph) -> Iterator[str]:
    """Paths around modules and tensors."""
    for path in (*graph.modules, *graph.tensors):
        while path := path.rpartition(".")[0]:
            yield path


def _steps(scope: _Scope, inputs: int, outputs: Sequence[int]) -> Steps:
    """What was written down, with what may be forgotten after each step."""
    last: dict[int, int] = {}
    for at, step in enumerate(scope.steps):
        gives = step.gives if isinstance(step.gives, tuple) else (step.gives,)
        for number in (*_slots(step), *gives):
            if isinstance(number, int) and number not in outputs:
                last[number] = at
    frees: dict[int, list[int]] = {}
    for number, at in last.items():
        frees.setdefault(at, []).append(number)
    steps = tuple(replace(step, frees=tuple(frees.get(at, ()))) for at, step in enumerate(scope.steps))
    return Steps(inputs, steps, tuple(outputs))


def _slots(step: Step) -> Iterator[int]:
    waiting = [*step.args, *(value for _, value in step.keywords)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Slot):
            yield one.number
        elif isinstance(one, tuple):
            waiting += one


def _is_chain(steps: Steps, path: str) -> bool:
    """Whether each step is another part of the module, which reads what the one before gave, and nothing else."""
    value, seen = 0, set()
    for step in steps.steps:
        inside = step.module and step.operation.rpartition(".")[0] == path and step.operation not in seen
        if (
            not inside
            or _CALL in step.operation
            or step.args != (Slot(value),)
            or not isinstance(step.gives, int)
        ):
            return False
        value = step.gives
        seen.add(step.operation)
    return steps.inputs == 1 and steps.outputs == (value,)


def _prefix(path: str) -> str:
    """How the names of a module's tensors begin."""
    return f"{path}." if path else ""


def _variant(path: str, number: int) -> str:
    """Name of a module that does one of the things that a module does."""
    return f"{path}{_CALL}{number + 1}" if number else path


def _put(root: nn.Module, path: str, module: nn.Module) -> None:
    owner, _, name = path.rpartition(".")
    parent = _at(root, owner)
    holder = parent._modules.get(name)
    if holder is None:
        parent.add_module(name, module)
        return
    for key, part in holder.named_children():
        module.add_module(key, part)
    parent._modules[name] = module  # in the place of what held its parts


def _at(root: nn.Module, path: str) -> nn.Module:
    """The module at a path; holders are made where there is none."""
    for part in filter(None, path.split(".")):
        if part not in root._modules:
            root.add_module(part, nn.Module())
        root = root._modules[part]  # type: ignore[assignment]
    return root
