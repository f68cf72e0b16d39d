"""Accuracy against strength, as it is stored of a snapshot; and its measurement where it was not."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cnnviz import workspace
from cnnviz.artifact import StoredArtifact
from cnnviz.data.identity import identity
from cnnviz.data.perturbation import PERTURBATIONS
from cnnviz.explore.robustness import curve
from cnnviz.explore.robustness.curve import Curve
from cnnviz.progress import Work
from cnnviz.ui.resources import datasets, networks, results

_SEED = 0


@dataclass(frozen=True)
class SnapshotCurves:
    """A snapshot and how many test images of its data it is asked about."""

    run: str
    snapshot: str
    stamp: networks.Stamp
    data: str
    count: int

    def artifact(self, perturbation: str) -> StoredArtifact[Curve]:
        """Where the curve of these very weights and images is stored."""
        mark = f"{networks.digest(self.stamp)} {identity(self.data)} {self.count} {perturbation} {_SEED}"
        path = workspace.robustness_file(self.run, self.snapshot, f"{perturbation}-{self.count}")
        return StoredArtifact(path, mark, curve.CODEC)

    def known(self) -> dict[str, Curve]:
        """All curves that were measured, by perturbation."""
        found = {name: results.known(self.artifact(name)) for name in PERTURBATIONS}
        return {name: curve for name, curve in found.items() if curve is not None}

    def seconds(self, perturbation: str) -> float:
        """About how long measuring takes."""
        return self.count * len(PERTURBATIONS[perturbation].strengths) * _seconds(self.stamp)

    def measure(self, perturbation: str) -> Work[Curve]:
        """Shake the images. Raises CnnvizError."""
        from cnnviz.explore.robustness.accuracy import robustness

        model, card = networks.network(self.stamp)
        data = datasets.dataset(self.data)
        numbers = curve.sample(data.test_labels, count=self.count, seed=_SEED, data=self.data)
        return robustness(
            model, card, data.test_images, data.test_labels,
            numbers=numbers, perturbation=perturbation, seed=_SEED,
        )  # fmt: skip


@st.cache_data(max_entries=32, show_spinner=False)
def _seconds(of: networks.Stamp) -> float:
    from cnnviz.explore.robustness.accuracy import seconds_an_image

    return seconds_an_image(*networks.network(of))
