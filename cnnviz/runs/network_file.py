"""A file of weights, and the network that it holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviz.models.checkpoint import Card
    from cnnviz.models.match import Match


@dataclass(frozen=True)
class NetworkFile:
    """A network in a file, and what its weights tell."""

    source: str
    """Name of the file."""
    match: Match
    card: Card | None = None
    """What the file says of itself, if this bench wrote it: nothing has to be asked then."""


def examine(path: Path, *, source: str = "", network: str = "") -> NetworkFile:
    """What is in a .safetensors, .pt, .pth or .pt2 file; `source` is its name for people, `network` names the network.

    Raises CheckpointError, in one line, where it can't be read safely or belongs to no network that is known.
    """
    from cnnviz.models import fit, recognise, weights_file
    from cnnviz.models.match import Match

    weights = weights_file.read(path, source=source)
    name = weights.source
    if weights.card is not None and not network:
        card = weights.card
        match = Match(card.network, len(card.classes), card.image_shape, weights.tensors, fixed_size=True)
        fit.check(match, card.network, card.image_shape, source=name)
        return NetworkFile(name, match, card)
    if weights.graph and not network:
        found = recognise.as_graph(weights.tensors, weights.graph)
        fit.check(found, found.network, found.image_shape, source=name)
        return NetworkFile(name, found)
    if network:
        match = recognise.as_named(weights.tensors, network, source=name)
    else:
        match = recognise.recognise(weights.tensors, source=name)
    return NetworkFile(name, replace(match, notes=(*weights.notes, *match.notes)))
