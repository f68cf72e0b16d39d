"""In which calls of which modules the operations of an exported program lie, as PyTorch notes it beside each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnnviz.models.exported.graph import ModuleKind

_NOWHERE = "_empty_nn_module_stack"
"""What PyTorch writes for a node that it added itself."""
_CHAINS = (
    "Sequential",
    "Conv2dNormActivation",
    "ConvNormActivation",
    "ConvBNReLU",
    "ConvBNActivation",
    "MLP",
)
"""Classes that only call their parts one after the other: PyTorch's, and torchvision's made of it."""


def module_calls(nodes: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Calls of modules around each node. PyTorch adds nodes that belong to none: they go where their neighbours are."""
    numbers: dict[str, dict[str, int]] = {}
    known = [_stack(node, numbers) for node in nodes]
    after: tuple[str, ...] | None = None
    following: list[tuple[str, ...] | None] = [None] * len(known)
    for at in range(len(known) - 1, -1, -1):
        following[at] = after
        after = known[at] if known[at] is not None else after
    found: list[tuple[str, ...]] = []
    before: tuple[str, ...] = ()
    for own, next_ in zip(known, following, strict=True):
        found.append(_shared(before, next_ or ()) if own is None else own)
        before = before if own is None else own
    return found


def _shared(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    count = 0
    while count < min(len(first), len(second)) and first[count] == second[count]:
        count += 1
    return first[:count]


def _entries(node: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Key of the call, path and class of each module around a node, without the network itself."""
    found = []
    for entry in filter(None, node["metadata"].get("nn_module_stack", "").split(";")):
        key, path, kind = entry.split(",")
        path = ".".join(part.partition("@")[0] for part in path.split("."))
        if path and not path.startswith(_NOWHERE):
            found.append((key, path, kind))
    return found


def _stack(node: Mapping[str, Any], numbers: dict[str, dict[str, int]]) -> tuple[str, ...] | None:
    """None for a node that PyTorch added. `numbers` counts the calls of each module by their keys."""
    if _NOWHERE in node["metadata"].get("nn_module_stack", _NOWHERE):
        return None
    found = []
    for key, path, _ in _entries(node):
        calls = numbers.setdefault(path, {})
        number = calls.setdefault(key, len(calls))
        found.append(f"{path}@{number}" if number else path)
    return tuple(found)


def modules(nodes: Sequence[Mapping[str, Any]], chains: frozenset[str]) -> dict[str, ModuleKind]:
    found: dict[str, ModuleKind] = {}
    for node in nodes:
        for _, path, kind in _entries(node):
            if path not in found:
                name = kind.rpartition(".")[2]
                called = name if name.isascii() and name.isidentifier() and len(name) < 60 else "Module"
                found[path] = ModuleKind(called, path in chains or name in _CHAINS)
    return found
