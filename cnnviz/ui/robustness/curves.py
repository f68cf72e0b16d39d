"""Accuracy against strength, as it was kept of a snapshot; and its measurement where it was not."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from cnnviz import workspace
from cnnviz.data.perturbation import PERTURBATIONS
from cnnviz.errors import DataError
from cnnviz.explore.robustness import curve
from cnnviz.explore.robustness.curve import Curve
from cnnviz.ui.resources import datasets, networks

if TYPE_CHECKING:
    from cnnviz.explore.robustness.accuracy import Progress

_SEED = 0


@dataclass(frozen=True)
class Subject:
    """A snapshot and how many test images of its data it is asked about."""

    run: str
    snapshot: str
    stamp: networks.Stamp
    data: str
    count: int

    def known(self) -> dict[str, Curve]:
        """All curves that were measured of these very weights, by perturbation."""
        found = {name: curve.load(self.file(name), of=self.mark(name)) for name in PERTURBATIONS}
        return {name: curve for name, curve in found.items() if curve is not None}

    def file(self, perturbation: str) -> Path:
        return workspace.robustness_file(self.run, self.snapshot, f"{perturbation}-{self.count}")

    def mark(self, perturbation: str) -> str:
        """What it is of: the contents of the snapshot, so that a copy of the folder keeps it, and the images."""
        return f"{networks.digest(self.stamp)} {self.data} {self.count} {perturbation} {_SEED}"

    def seconds(self, perturbation: str) -> float:
        """About how long measuring takes."""
        return self.count * len(PERTURBATIONS[perturbation].strengths) * _seconds(self.stamp)

    def measure(self, perturbation: str) -> Generator[Progress, None, Curve]:
        """Measure it: yields how much is done, and what. Raises CnnvizError."""
        from cnnviz.explore.robustness.accuracy import robustness

        model, card = networks.network(self.stamp)
        data = datasets.dataset(self.data)
        numbers = curve.sample(data.test_labels, count=self.count, seed=_SEED, data=self.data)
        return robustness(
            model, card, data.test_images, data.test_labels,
            numbers=numbers, perturbation=perturbation, seed=_SEED,
        )  # fmt: skip

    def keep(self, measured: Curve) -> None:
        """Write it down. Raises DataError when the disk is full."""
        try:
            curve.save(self.file(measured.perturbation), measured, of=self.mark(measured.perturbation))
        except OSError as error:
            raise DataError(f"It can't be kept ({error.strerror}): make room on the disk.") from None


@st.cache_data(max_entries=32, show_spinner=False)
def _seconds(of: networks.Stamp) -> float:
    from cnnviz.explore.robustness.accuracy import seconds_an_image

    return seconds_an_image(*networks.network(of))
