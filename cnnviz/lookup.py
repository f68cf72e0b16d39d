"""An entry of a registry by its name."""

from collections.abc import Mapping
from typing import TypeVar

from cnnviz.errors import NotFound

Entry = TypeVar("Entry")


def lookup(registry: Mapping[str, Entry], name: str, *, kind: str) -> Entry:
    """The entry called `name`. Raises NotFound, which names the choices."""
    if name not in registry:
        raise NotFound(kind, name, available=registry)
    return registry[name]
