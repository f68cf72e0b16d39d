"""Accuracy against the strength of a perturbation."""

from typing import Annotated, Literal

from pydantic import Field

from cnnviz.data.perturbation import PERTURBATIONS
from cnnviz.explore.robustness import stored_curve
from cnnviz.formatting import accuracy, per_cent
from cnnviz.progress import Work, within
from cnnviz.registry import entry
from cnnviz.report.figures.figure import Cell, Drawing, Link, Picture, Table, svg
from cnnviz.report.figures.of_network import OfNetwork

_WIDTH = 520


class Shaken(OfNetwork):
    """How a network's accuracy falls as its images are shaken."""

    kind: Literal["robustness"] = "robustness"
    perturbation: Annotated[str, Field(max_length=60)]
    images: Annotated[int, Field(ge=1, le=100_000)] = 500

    def draw(self) -> Work[Drawing]:
        from cnnviz.charts.robustness import against_strength
        from cnnviz.explore.robustness import curve
        from cnnviz.explore.robustness.accuracy import robustness

        shaking = entry("perturbation", self.perturbation, PERTURBATIONS)
        there, data, sources = yield from self.with_data(any_size=True)
        images, labels = data.test_images, data.test_labels
        numbers = curve.sample(labels, count=self.images, seed=stored_curve.SEED, data=there.card.data)
        stored = stored_curve.artifact(
            self.run,
            self.snapshot,
            digest=there.digest,
            data=there.card.data,
            perturbation=self.perturbation,
            count=self.images,
        )
        found = yield from within(
            stored.obtain(
                lambda: robustness(
                    there.model, there.card, images, labels,
                    numbers=numbers, perturbation=self.perturbation, seed=stored_curve.SEED,
                )
            ),
            0.1, 1.0,
        )  # fmt: skip
        setting = shaking.settings[shaking.strength]
        rows: list[list[Cell]] = [
            [strength, share, error, sure]
            for strength, share, error, sure in zip(
                found.strengths, found.accuracy, found.error, found.true_probability, strict=True
            )
        ]
        seen = [
            [setting.words(strength), accuracy(share, found.count), per_cent(sure)]
            for strength, share, sure in zip(
                found.strengths, found.accuracy, found.true_probability, strict=True
            )
        ]
        chart = against_strength(found, at=None).properties(width=_WIDTH)
        return Drawing(
            title=self.heading,
            pictures=[Picture(f"Accuracy against strength of {shaking.title.lower()}", svg=svg(chart))],
            table=Table(
                [setting.label.lower(), "accuracy", "standard error", "mean probability of the true class"],
                rows,
            ),
            words=f"{there.run.title}, {self.snapshot}: {found.count:,} test images of {found.data}, the same at every "
            f"strength; {seen[0][1]} at {seen[0][0]}, {seen[-1][1]} at {seen[-1][0]}. Bars are one standard error; "
            f"dotted: guessing, {per_cent(found.chance)}. {shaking.what}",
            sources=sources,
        )

    @property
    def heading(self) -> str:
        known = PERTURBATIONS.get(self.perturbation)
        return f"Shaken: {known.title if known else self.perturbation}"

    @property
    def command(self) -> str:
        asked = f"--perturbation {self.perturbation} --images {self.images}"
        return f"robustness {self.run} --snapshot {self.snapshot} {asked}"

    @property
    def link(self) -> Link:
        query = {
            "run": self.run,
            "snapshot": self.snapshot,
            "curve": self.perturbation,
            "shaken": str(self.images),
        }
        return Link("robustness", query)
