"""Accuracy against strength, as it is stored of a snapshot; and its measurement where it was not."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cnnviz.artifact import StoredArtifact
from cnnviz.data.perturbation import PERTURBATIONS
from cnnviz.explore.robustness import curve, stored_curve
from cnnviz.explore.robustness.curve import Curve
from cnnviz.progress import Work
from cnnviz.ui.resources import datasets, networks, results


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
        return stored_curve.artifact(
            self.run,
            self.snapshot,
            digest=networks.digest(self.stamp),
            data=self.data,
            perturbation=perturbation,
            count=self.count,
        )

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
        numbers = curve.sample(data.test_labels, count=self.count, seed=stored_curve.SEED, data=self.data)
        return robustness(
            model, card, data.test_images, data.test_labels,
            numbers=numbers, perturbation=perturbation, seed=stored_curve.SEED,
        )  # fmt: skip


@st.cache_data(max_entries=32, show_spinner=False)
def _seconds(of: networks.Stamp) -> float:
    from cnnviz.explore.robustness.accuracy import seconds_an_image

    return seconds_an_image(*networks.network(of))
