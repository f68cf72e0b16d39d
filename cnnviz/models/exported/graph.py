"""A network as a graph: which operation is called in which module with which values and weights; plain JSON.

It is data through and through: it names operations of a list (`operators.py`) and says nothing else. Sizes that
depend on the image are worked out by operations as well, so that no expression has to be read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

HEADER = "cnnviz.graph"
"""Under which name a graph stands in the header of a safetensors file."""
MOST_TEXT = 8_000_000
"""Letters of a graph."""
IMAGE = "image"


@dataclass(frozen=True)
class Value:
    """What another call gave, or the image."""

    name: str


@dataclass(frozen=True)
class Stored:
    """A weight, buffer or constant of the network, by its name among the weights."""

    name: str


@dataclass(frozen=True)
class Constant:
    """What JSON has no word for: a type or an order of memory, by PyTorch's name, or an infinite number."""

    kind: Literal["dtype", "memory_format", "number"]
    name: str


Argument = Any
"""Value, Stored, Constant, a plain number, text or None, or a tuple of such."""


@dataclass(frozen=True)
class Call:
    """One operation."""

    operation: str
    """One of `operators.ALLOWED`."""
    within: tuple[str, ...]
    """Calls of modules around it, the outermost first: `layer1.0.relu@1` is the second one of that module."""
    args: tuple[Argument, ...]
    keywords: tuple[tuple[str, Argument], ...]
    gives: str | tuple[str | None, ...]
    """Name of its value; several for an operation that gives several, None for those that nobody reads."""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.gives,) if isinstance(self.gives, str) else tuple(name for name in self.gives if name)


@dataclass(frozen=True)
class StoredTensor:
    dtype: str
    shape: tuple[int, ...]
    trained: bool
    """A parameter; otherwise a buffer or a constant."""


@dataclass(frozen=True)
class ModuleKind:
    kind: str
    """Name of its class, for people."""
    chain: bool
    """Whether it only calls its parts one after the other, as Sequential does."""


@dataclass(frozen=True)
class Graph:
    """A network that was written elsewhere."""

    image: tuple[int, int | None, int | None]
    """Channels, height and width that it reads; None where it may be any."""
    example: tuple[int, int]
    """Height and width of the image that it was exported with."""
    classes: int
    tensors: Mapping[str, StoredTensor]
    modules: Mapping[str, ModuleKind]
    calls: tuple[Call, ...]
    output: str
    shared: Mapping[str, str] = field(default_factory=dict)
    """Weights that are another's under a second name, by that name: both layers learn them together."""

    @property
    def text(self) -> str:
        """The same as JSON, which `read` takes."""
        return json.dumps(
            {
                "format": 1,
                "image": self.image,
                "example": self.example,
                "classes": self.classes,
                "tensors": {name: [one.dtype, one.shape, one.trained] for name, one in self.tensors.items()},
                "modules": {name: [one.kind, one.chain] for name, one in self.modules.items()},
                "calls": [
                    [
                        call.operation,
                        call.within,
                        [_written(one) for one in call.args],
                        {key: _written(one) for key, one in call.keywords},
                        call.gives,
                    ]
                    for call in self.calls
                ],
                "output": self.output,
                **({"shared": self.shared} if self.shared else {}),
            },
            separators=(",", ":"),
            allow_nan=False,
        )


def _written(argument: Argument) -> Any:
    match argument:
        case Value(name):
            return {"value": name}
        case Stored(name):
            return {"tensor": name}
        case Constant(kind, name):
            return {kind: name}
        case tuple():
            return [_written(one) for one in argument]
        case float() if not math.isfinite(argument):
            return {"number": str(argument)}
    return argument


def values_in(argument: Argument) -> Iterator[Value | Stored]:
    """All that an argument refers to."""
    if isinstance(argument, Value | Stored):
        yield argument
    elif isinstance(argument, tuple):
        for one in argument:
            yield from values_in(one)
