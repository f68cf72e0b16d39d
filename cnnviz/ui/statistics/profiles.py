"""How the layers of a snapshot differ, as it is stored; and what has to be looked through where it was not."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cnnviz import workspace
from cnnviz.artifact import StoredArtifact
from cnnviz.data.identity import identity
from cnnviz.explore.statistics import profile
from cnnviz.explore.statistics.profile import Profile
from cnnviz.progress import Work
from cnnviz.runs.run import Run
from cnnviz.ui.resources import datasets, networks, results

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.models.checkpoint import Card

UNTRAINED = "untrained"
"""Stands for a snapshot: the network as its seed gives it, where epoch 0 was not kept."""


@dataclass(frozen=True)
class ImageSample:
    """Which test images."""

    count: int
    of_class: int | None
    """Number of the only class; None for all."""

    @property
    def name(self) -> str:
        return f"{self.count}-{'all' if self.of_class is None else self.of_class}"


@dataclass(frozen=True)
class SnapshotProfiles:
    """A network whose layers are measured."""

    run: Run
    snapshot: str
    """Of the run, or UNTRAINED."""

    def artifact(self, sample: ImageSample) -> StoredArtifact[Profile]:
        """Where the statistics of these very weights over these very images are stored."""
        if self.snapshot == UNTRAINED:
            config = self.run.config
            network = config.network.model_dump_json(exclude_defaults=True)
            of = f"{config.network.name} {network} {config.seed}"
            weights = hashlib.sha256(of.encode()).hexdigest()
        else:
            weights = networks.digest(networks.stamp(self.run.id, self.snapshot))
        return StoredArtifact(
            workspace.statistics_file(self.run.id, self.snapshot, sample.name),
            f"{weights} {identity(self.run.config.data.name)} {sample.name}",
            profile.CODEC,
        )

    def known(self, sample: ImageSample) -> Profile | None:
        """What was measured before."""
        return results.known(self.artifact(sample))

    def network(self) -> "tuple[nn.Module, Card]":
        """Raises CheckpointError where it can't be had."""
        if self.snapshot != UNTRAINED:
            return networks.network(networks.stamp(self.run.id, self.snapshot))
        return _untrained(networks.stamp(self.run.id, self.run.snapshots()[0]), _run=self.run)

    def measure(self, sample: ImageSample) -> Work[Profile]:
        """Look through the images. Raises CnnvizError."""
        from cnnviz.explore.statistics.layer_statistics import statistics

        model, card = self.network()
        data = datasets.dataset(card.data)
        numbers = profile.sample(
            data.test_labels, count=sample.count, of_class=sample.of_class, data=card.data
        )
        name = None if sample.of_class is None else card.classes[sample.of_class]
        return statistics(model, card, data.test_images, data.test_labels, numbers=numbers, of_class=name)


@st.cache_resource(max_entries=2, show_spinner="Making the untrained network …")
def _untrained(of: networks.Stamp, _run: Run) -> "tuple[nn.Module, Card]":
    from cnnviz.explore.statistics.untrained import untrained

    epochs, filters = _run.filters()
    first = filters[0] if len(epochs) and epochs[0] == 0 else None
    return untrained(_run.config, networks.network(of)[1], first)
