"""A lab bench for image classifiers.

What scripts and notebooks call is imported when it is first used, since it takes torch:
`add`, `record`, `open`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnviz.library.adding import add
    from cnnviz.library.opening import open
    from cnnviz.library.recording import record

__all__ = ["add", "open", "record"]

_PLACES = {"add": "adding", "open": "opening", "record": "recording"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"cnnviz.library.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
