"""How the layers of a snapshot differ, as it was kept; and what has to be looked through where it was not."""

import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from cnnviz import workspace
from cnnviz.explore.statistics import profile
from cnnviz.explore.statistics.profile import Profile
from cnnviz.runs.run import Run
from cnnviz.ui.resources import datasets, networks

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.explore.statistics.layer_statistics import Progress
    from cnnviz.models.checkpoint import Card

UNTRAINED = "untrained"
"""Stands for a snapshot: the network as its seed gives it, where epoch 0 was not kept."""


@dataclass(frozen=True)
class Which:
    """Which test images."""

    count: int
    of_class: int | None
    """Number of the only class; None for all."""

    @property
    def name(self) -> str:
        return f"{self.count}-{'all' if self.of_class is None else self.of_class}"


@dataclass(frozen=True)
class Subject:
    """A network whose layers are measured."""

    run: Run
    snapshot: str
    """Of the run, or UNTRAINED."""

    def kept(self, which: Which) -> Profile | None:
        """What was measured before, if it is of these very weights."""
        return profile.load(self.file(which), of=self.mark(which))

    def file(self, which: Which) -> Path:
        return workspace.statistics_file(self.run.id, self.snapshot, which.name)

    def mark(self, which: Which) -> str:
        """What it is of: the contents of the snapshot, so that a copy of the folder keeps it, and the images."""
        if self.snapshot == UNTRAINED:
            config = self.run.config
            network = config.network.model_dump_json(exclude_defaults=True)
            of = f"{config.network.name} {network} {config.seed}"
            weights = hashlib.sha256(of.encode()).hexdigest()
        else:
            weights = networks.digest(networks.stamp(self.run.id, self.snapshot))
        return f"{weights} {self.run.config.data.name} {which.name}"

    def network(self) -> "tuple[nn.Module, Card]":
        """Raises CheckpointError where it can't be had."""
        if self.snapshot != UNTRAINED:
            return networks.network(networks.stamp(self.run.id, self.snapshot))
        return _untrained(networks.stamp(self.run.id, self.run.snapshots()[0]), _run=self.run)

    def measure(self, which: Which) -> "Generator[Progress, None, Profile]":
        """Measure it: yields how much is done, and what. Raises CnnvizError."""
        from cnnviz.explore.statistics.layer_statistics import statistics

        model, card = self.network()
        data = datasets.dataset(card.data)
        numbers = profile.sample(data.test_labels, count=which.count, of_class=which.of_class, data=card.data)
        name = None if which.of_class is None else card.classes[which.of_class]
        return statistics(model, card, data.test_images, data.test_labels, numbers=numbers, of_class=name)


@st.cache_resource(max_entries=2, show_spinner="Making the untrained network …")
def _untrained(of: networks.Stamp, _run: Run) -> "tuple[nn.Module, Card]":
    from cnnviz.explore.statistics.untrained import untrained

    epochs, filters = _run.filters()
    first = filters[0] if len(epochs) and epochs[0] == 0 else None
    return untrained(_run.config, networks.network(of)[1], first)
