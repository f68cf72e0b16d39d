"""How the layers of a network hang together, as few or as many of them as one wants to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cnnviz.explore.layers.structure import Layer


@dataclass(frozen=True)
class Node:
    """A layer in a drawing of the network."""

    layer: Layer
    level: int
    """Opened blocks around it; the output of an opened block counts as inside."""
    opened: bool
    """A block whose parts stand before it."""
    branches: bool
    """A closed block in which branches join: a shortcut around it, say."""
    jumps: tuple[int, ...]
    """Nodes that it is made from, other than the one before it; −1 is the image."""


def nodes(listed: Sequence[Layer], at: str | None = None) -> list[Node]:
    """The layers of a network in order, each block as one; opened are the blocks that hold layer `at`.

    Layers that pass their input on unchanged are left out.
    """
    by_name = {layer.name: layer for layer in listed}
    opened = set(_around(at or "", by_name)) | ({at} if at and at in by_name and by_name[at].block else set())
    shown = [
        layer
        for layer in listed
        if not layer.idle and all(name in opened for name in _around(layer.name, by_name))
    ]
    places = {layer.name: place for place, layer in enumerate(shown)} | {"image": -1}

    def place_of(name: str) -> Iterator[int]:
        """Where a layer stands, or the closed block around it, or what it passes on unchanged."""
        for candidate in (*_around(name, by_name), name):
            if candidate in places and not (candidate in opened and candidate != name):
                yield places[candidate]
                return
        for source in by_name[name].inputs if name in by_name else ():
            yield from place_of(source)

    found = []
    for place, layer in enumerate(shown):
        is_open = layer.name in opened
        made_from = layer.ends if is_open else layer.inputs
        sources = {source for name in made_from for source in place_of(name)}
        found.append(
            Node(
                layer=layer,
                level=len(_around(layer.name, by_name)) + is_open,
                opened=is_open,
                branches=layer.block and not is_open and _branches(layer, listed),
                jumps=tuple(sorted(source for source in sources if source < place - 1)),
            )
        )
    return found


def _around(name: str, by_name: dict[str, Layer]) -> list[str]:
    """The blocks that hold a layer, the outermost first."""
    parts = name.partition(":")[0].split(".")
    above = (".".join(parts[:end]) for end in range(1, len(parts)))
    return [module for module in above if module in by_name and by_name[module].block]


def _branches(block: Layer, listed: Sequence[Layer]) -> bool:
    inside = f"{block.name}."
    return len(block.ends) > 1 or any(
        len(layer.inputs) > 1 for layer in listed if layer.name.startswith(inside)
    )
