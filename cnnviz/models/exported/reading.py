"""The text of a graph, read and checked."""

from __future__ import annotations

import json
import math
from typing import Any

from cnnviz.errors import CheckpointError
from cnnviz.models.exported.checking import check
from cnnviz.models.exported.graph import (
    MOST_TEXT,
    Argument,
    Call,
    Constant,
    Graph,
    ModuleKind,
    Stored,
    StoredTensor,
    Value,
)


def read(text: str) -> Graph:
    """The graph that a text describes. Raises CheckpointError, which says why, for anything but a sound graph."""
    if len(text) > MOST_TEXT:
        raise CheckpointError(f"The network's graph has more than {MOST_TEXT:,} letters: it is damaged.")
    try:
        content = json.loads(text, parse_constant=_no_number)
        graph = _graph(content)
        check(graph)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise CheckpointError("The network's graph is damaged: export it again.") from error
    return graph


def _graph(content: Any) -> Graph:
    if content["format"] != 1:
        raise CheckpointError("The network's graph was written by a newer cnnviz: update this one.")
    channels, height, width = content["image"]
    return Graph(
        image=(channels, height, width),
        example=tuple(content["example"]),
        classes=content["classes"],
        tensors={
            name: StoredTensor(dtype, tuple(shape), trained)
            for name, (dtype, shape, trained) in content["tensors"].items()
        },
        modules={name: ModuleKind(kind, chain) for name, (kind, chain) in content["modules"].items()},
        calls=tuple(
            Call(
                operation,
                tuple(within),
                tuple(_argument(one) for one in args),
                tuple((key, _argument(one)) for key, one in keywords.items()),
                gives if isinstance(gives, str) else tuple(gives),
            )
            for operation, within, args, keywords, gives in content["calls"]
        ),
        output=content["output"],
        shared=dict(content.get("shared", {})),
    )


def _argument(written: Any, depth: int = 0) -> Argument:
    if isinstance(written, list):
        if depth > 2:
            raise ValueError("lists in lists in lists")
        return tuple(_argument(one, depth + 1) for one in written)
    if isinstance(written, dict):
        ((kind, name),) = written.items()
        match kind:
            case "value":
                return Value(name)
            case "tensor":
                return Stored(name)
            case "number":
                return {"inf": math.inf, "-inf": -math.inf}[name]
            case "dtype" | "memory_format":
                return Constant(kind, name)
        raise ValueError(kind)
    return written


def _no_number(name: str) -> Any:
    raise ValueError(name)
