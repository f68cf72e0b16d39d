"""Graphs by their SHA-256: a network's settings hold the digest, the files of its weights the graph itself.

Whoever reads such a file puts its graph here, and whoever builds the network finds it. A digest has one graph only,
so it does not matter who came first.
"""

from __future__ import annotations

import hashlib

from cnnviz.errors import ConfigError
from cnnviz.models.exported.graph import Graph
from cnnviz.models.exported.reading import read

_known: dict[str, tuple[str, Graph]] = {}


def remember(text: str) -> str:
    """The digest of a graph's text, by which it is found from now on. Raises CheckpointError for an unsound one."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    if digest not in _known:
        _known[digest] = text, read(text)
    return digest


def recall(digest: str) -> Graph:
    """The graph of that digest. Raises ConfigError where no file with it has been read."""
    return _found(digest)[1]


def text(digest: str) -> str:
    """The same as it was written. Raises ConfigError likewise."""
    return _found(digest)[0]


def _found(digest: str) -> tuple[str, Graph]:
    try:
        return _known[digest]
    except KeyError:
        raise ConfigError(
            "This network was imported, and its graph is not at hand: it comes with its weights."
        ) from None
