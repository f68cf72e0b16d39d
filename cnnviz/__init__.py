"""A lab bench for image classifiers.

`add`, `record` and `open` bring a network of your own onto the bench; `activations`, `channel`, `attribute`,
`statistics` and `diagnose` look into one. Each is imported when it is first used, since that takes torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnviz.library.adding import add
    from cnnviz.library.looking import activations, attribute, channel, diagnose, statistics
    from cnnviz.library.opening import open
    from cnnviz.library.recording import record

__all__ = ["activations", "add", "attribute", "channel", "diagnose", "open", "record", "statistics"]

_PLACES = {
    "add": "adding",
    "open": "opening",
    "record": "recording",
    **dict.fromkeys(("activations", "attribute", "channel", "diagnose", "statistics"), "looking"),
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"cnnviz.library.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
