"""A trained network that a command names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviz.cli import progress
from cnnviz.runs.network_source import Source, load, opened, source

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset
    from cnnviz.models.checkpoint import Card

__all__ = ["Source", "data_of", "load", "opened", "source"]


def data_of(card: Card, *, any_size: bool = False) -> Dataset:
    """The data set that the network was trained on, as `explore.inputs.test_images.data_of` has it."""
    from cnnviz.explore.inputs import test_images

    return progress.run(test_images.data_of(card, any_size=any_size), f"Preparing {card.data}")
