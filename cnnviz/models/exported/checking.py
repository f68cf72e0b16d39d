"""Whether a graph asks for nothing but what classifiers do, and hangs together: before anything is built of it."""

from __future__ import annotations

import math
import re
from typing import Any

from cnnviz.errors import CheckpointError
from cnnviz.models.exported.graph import IMAGE, Argument, Call, Constant, Graph, Stored, Value
from cnnviz.models.exported.operators import ALLOWED, FACTORIES, TRAINING

MOST_CALLS = 20_000
MOST_TENSORS = 20_000
_MOST_MADE = 2**24
"""Numbers in a tensor that a graph makes of nothing."""
_LONGEST = 256
"""Letters of a name; entries of a list."""
_DEEPEST = 16
"""Modules around a call; lists in lists have at most 3 levels."""
DTYPES = ("float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool")
MEMORY_FORMATS = ("contiguous_format", "channels_last", "preserve_format")
_KEYWORDS = """
    align_corners alpha approximate attn_mask beta bias copy correction descending dim dropout_p dtype enable_gqa end
    eps half_to_float indexing input_scale is_causal keepdim largest max memory_format min mode other output_size
    rounding_mode scale scale_factors side sorted start step unbiased value weight
"""
KEYWORDS = frozenset(_KEYWORDS.split())
"""Arguments by name. `out` is not among them: nothing is written to but what an operation makes."""
_PART = re.compile(r"[A-Za-z_0-9-]{1,100}")
_KIND = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,59}")


def check(graph: Graph) -> None:
    """Raise CheckpointError for a graph that asks for more than a classifier does, or does not hang together."""
    try:
        _check_parts(graph)
        known = {IMAGE}
        for call in graph.calls:
            _check_call(call, known, graph)
            known.update(call.names)
    except _Unsound as error:
        raise CheckpointError(f"The network's graph is not sound ({error}): export it again.") from None
    if graph.output not in known or graph.output == IMAGE:
        raise CheckpointError("The network's graph gives nothing: export it again.")


class _Unsound(Exception):
    pass


def _check_parts(graph: Graph) -> None:
    if len(graph.calls) > MOST_CALLS or len(graph.tensors) > MOST_TENSORS or len(graph.modules) > MOST_CALLS:
        raise CheckpointError(
            f"The network has more than {MOST_CALLS:,} operations, or tensors: the bench reads smaller ones."
        )
    channels, *sides = graph.image
    _require(_whole(channels, 1, 1000), "its channels are no number")
    _require(all(side is None or _whole(side, 1, 10_000) for side in sides), "its size is no number")
    own = [example if side is None else side for side, example in zip(sides, graph.example, strict=True)]
    fits = tuple(own) == graph.example and all(_whole(side, 1, 10_000) for side in own)
    _require(fits, "its example has another size")
    _require(_whole(graph.classes, 1, 1_000_000), "its classes are no number")
    for name, one in graph.tensors.items():
        _require(_is_path(name), f"a tensor is called {name[:40]!r}")
        sound = one.dtype in DTYPES and isinstance(one.trained, bool) and len(one.shape) <= 8
        _require(sound and all(_whole(side, 0, 2**40) for side in one.shape), f"{name} is no tensor")
    for second, name in graph.shared.items():
        alike = name not in graph.shared and graph.tensors.get(name) == graph.tensors.get(second, "none")
        _require(alike and graph.tensors[name].trained, f"{str(second)[:40]!r} is no second name")
    for path, module in graph.modules.items():
        named = (
            isinstance(module.kind, str) and _KIND.fullmatch(module.kind) and isinstance(module.chain, bool)
        )
        _require(bool(_is_path(path) and named), f"a module is called {path[:40]!r}")


def _check_call(call: Call, known: set[str], graph: Graph) -> None:
    if not isinstance(call.operation, str) or call.operation not in ALLOWED:
        raise CheckpointError(
            f"The network uses {str(call.operation)[:60]}, which is not among the operations that the bench allows."
        )
    _require(len(call.within) <= _DEEPEST, "its modules lie too deep")
    for one in call.within:
        _require(isinstance(one, str), "a module is no name")
        path, _, number = one.partition("@")
        _require(
            path in graph.modules and (not number or (number.isascii() and number.isdigit())),
            "a module is missing",
        )
    changes = call.operation.endswith("_") and call.args and isinstance(call.args[0], Stored)
    _require(not changes, "it changes its own weights")
    for argument in (*call.args, *(value for _, value in call.keywords)):
        _check_argument(argument, known, graph)
    _require(all(key in KEYWORDS for key, _ in call.keywords), f"{call.operation} has an unknown argument")
    if call.operation in FACTORIES:
        _check_size(call)
    at = TRAINING.get(call.operation)
    if at is not None and (len(call.args) <= at or call.args[at] is not False):
        raise CheckpointError(
            "The network was exported in training mode: call model.eval() before torch.export."
        )
    gives = (call.gives,) if isinstance(call.gives, str) else call.gives
    _require(len(gives) <= _LONGEST, "a call gives too much")
    for name in gives:
        free = name is None or (isinstance(name, str) and 0 < len(name) <= _LONGEST and name not in known)
        _require(free, "a value is given twice")
    _require(len(set(call.names)) == len(call.names), "a value is given twice")


def _check_argument(argument: Argument, known: set[str], graph: Graph) -> None:
    match argument:
        case Value(name):
            _require(isinstance(name, str) and name in known, "a value is read before it is there")
        case Stored(name):
            _require(isinstance(name, str) and name in graph.tensors, "a tensor is missing")
        case Constant("dtype", name):
            _require(name in DTYPES, "a type is unknown")
        case Constant("memory_format", name):
            _require(name in MEMORY_FORMATS, "an order of memory is unknown")
        case tuple():
            _require(len(argument) <= _LONGEST * 4, "a list is too long")
            for one in argument:
                _check_argument(one, known, graph)
        case str():
            _require(len(argument) <= _LONGEST, "a text is too long")
        case bool() | None | float():
            pass
        case int():
            _require(abs(argument) < 2**63, "a number is too large")
        case _:
            raise _Unsound("an argument is of no known kind")


def _check_size(call: Call) -> None:
    """What a tensor is made of has to be small; sizes that depend on the image are not known here."""
    numbers = [
        one for argument in call.args for one in (argument if isinstance(argument, tuple) else (argument,))
    ]
    made = math.prod(abs(one) for one in numbers if isinstance(one, int) and one)
    _require(made <= _MOST_MADE, f"{call.operation} makes too much")


def _is_path(path: Any) -> bool:
    return isinstance(path, str) and len(path) <= _LONGEST and all(map(_PART.fullmatch, path.split(".")))


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _require(sound: bool, why: str) -> None:
    if not sound:
        raise _Unsound(why)
