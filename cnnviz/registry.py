"""What registries share: what an entry is called, what it shows and when it misleads; and what they refuse."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from cnnviz.errors import NotFound

E = TypeVar("E")


@dataclass(frozen=True)
class Entry:
    """Something that can be chosen."""

    title: str


@dataclass(frozen=True)
class Method(Entry):
    """A way to look at something, of which one has to know when not to trust it."""

    paper: str
    shows: str
    misleads: str


def entry(kind: str, name: str, registry: Mapping[str, E]) -> E:
    """The entry of that name. Raises NotFound, which names the others; `kind` is a noun."""
    if name not in registry:
        raise NotFound(kind, name, available=registry)
    return registry[name]
