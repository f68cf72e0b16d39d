"""A module that does what a graph says: one step after the other, calling the modules inside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from cnnviz.models.exported.graph import Argument, Constant


@dataclass(frozen=True)
class Slot:
    """A value of the module's own: an input or what a step gave, by number."""

    number: int


@dataclass(frozen=True)
class Size:
    """A number that depends on the image. All modules of a network may read it."""

    name: str


@dataclass(frozen=True)
class Own:
    """A tensor of the module or of one inside it, by its name from here."""

    name: str


@dataclass(frozen=True)
class Step:
    operation: str
    """Name of an operation, or path of a module."""
    module: bool
    args: tuple[Argument, ...]
    keywords: tuple[tuple[str, Argument], ...]
    gives: int | Size | tuple[int | None, ...]
    frees: tuple[int, ...] = ()
    """Values that nothing reads after this step."""


@dataclass(frozen=True)
class Steps:
    """What a module does, told without names from outside it, so that two calls of one module read alike."""

    inputs: int
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]

    def __deepcopy__(self, memo: Any) -> Steps:
        return self


class Sizes(threading.local):
    """Sizes of the image that a network is looking at, for each thread; they are worked out as the pass begins."""

    def __init__(self) -> None:
        self.known: dict[str, Any] = {}

    def __deepcopy__(self, memo: Any) -> Sizes:
        return Sizes()


class Interpreted(nn.Module):
    """A module made of steps. Its subclasses are named as the classes that the network was written with."""

    def __init__(self, steps: Steps, callees: Sequence[Callable[..., Any]], sizes: Sizes) -> None:
        super().__init__()
        self._steps, self._sizes = steps, sizes
        self._callees = list(callees)  # in a list, as modules that are held elsewhere are not this one's own

    def forward(self, *values: Any) -> Any:
        return self._run(values)

    def _run(self, given: Sequence[Any]) -> Any:
        values: dict[int, Any] = dict(enumerate(given))
        for step, callee in zip(self._steps.steps, self._callees, strict=True):
            args = [self._argument(one, values) for one in step.args]
            keywords = {key: self._argument(one, values) for key, one in step.keywords}
            if not step.module and step.operation in _ANYWHERE:
                keywords["device"] = self._device(given)
            result = callee(*args, **keywords)
            if isinstance(step.gives, Size):
                self._sizes.known[step.gives.name] = result
            elif isinstance(step.gives, int):
                values[step.gives] = result
            else:
                for at, number in enumerate(step.gives):
                    if number is not None:
                        values[number] = result[at]
            del args, keywords, result
            for number in step.frees:
                del values[number]
        outputs = self._steps.outputs
        return values[outputs[0]] if len(outputs) == 1 else tuple(values[number] for number in outputs)

    def _argument(self, argument: Argument, values: dict[int, Any]) -> Any:
        match argument:
            case Slot(number):
                return values[number]
            case Size(name):
                return self._sizes.known[name]
            case Own(name):
                found: Any = self
                for part in name.split("."):
                    found = getattr(found, part)
                return found
            case Constant(_, name):
                return getattr(torch, name)
            case tuple():
                return [self._argument(one, values) for one in argument]
        return argument

    def _device(self, given: Sequence[Any]) -> Any:
        """Where the image is: that of the first value, or of the module's own tensors."""
        for value in (*given, *self.parameters(), *self.buffers()):
            if not isinstance(value, int | float | bool):
                return value.device
        return torch.get_default_device()


class Network(Interpreted):
    """A whole network: it takes images (N, C, H, W) and gives scores (N, classes)."""

    def __init__(
        self,
        steps: Steps,
        callees: Sequence[Callable[..., Any]],
        sizes: Sizes,
        *,
        image: tuple[int, int | None, int | None],
    ) -> None:
        super().__init__(steps, callees, sizes)
        self._image = image

    def forward(self, image: Tensor) -> Any:
        """Raises ValueError for an image of a size that the network was not exported for: it would count wrongly."""
        if isinstance(image, Tensor):
            for own, given in zip(self._image, image.shape[1:], strict=True):
                if own not in (None, given):
                    channels, height, width = ("any" if one is None else one for one in self._image)
                    raise ValueError(
                        f"it was exported for {height} × {width} pixels and {channels} channels alone"
                    )
        return self._run((image,))


_ANYWHERE = frozenset(("arange", "eye", "full", "linspace", "ones", "scalar_tensor", "zeros"))
