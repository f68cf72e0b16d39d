"""What a network says of all images of a split: what figures of its mistakes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cnnviz.explore import stored_predictions
from cnnviz.formatting import accuracy
from cnnviz.progress import Work
from cnnviz.report.figures.figure import Link
from cnnviz.report.figures.of_network import OfNetwork
from cnnviz.runs.run import Run

if TYPE_CHECKING:
    from cnnviz.explore.predictions import Predictions
    from cnnviz.models.checkpoint import Card


@dataclass(frozen=True, eq=False)
class Predicted:
    """A network and its predictions."""

    run: Run
    card: Card
    found: Predictions
    sources: dict[str, str]

    def words(self, snapshot: str, split: str) -> str:
        """How often it is right."""
        count = len(self.found)
        right = accuracy(float(self.found.right.mean()), count)
        return f"{self.run.title}, {snapshot}: {right} of {count:,} {split} images of {self.card.data} are right."


class OfPredictions(OfNetwork):
    """A figure of what a network says of the images of a split."""

    split: Literal["test", "validation"] = "test"

    def predicted(self) -> Work[Predicted]:
        """Predictions as they are stored, and stored where they were not all there."""
        from cnnviz.explore.predictions import SPLITS, joined, predicting

        found, data, sources = yield from self.with_data()
        card = found.card
        pool = SPLITS[self.split](data, found.run.config.data)
        artifact = stored_predictions.artifact(
            found.run.id, self.snapshot, self.split, digest=found.digest, data=card.data
        )
        known = artifact.load()
        missing = pool.numbers if known is None else np.setdiff1d(pool.numbers, known.numbers)
        if len(missing):
            parts = [] if known is None else [known]
            known = yield from predicting(
                found.model,
                card,
                pool.images,
                pool.labels,
                numbers=missing,
                of=f"{self.split} images",
                parts=parts,
            )
            artifact.save(joined(parts))
        assert known is not None
        return Predicted(found.run, card, known, sources)

    @property
    def command(self) -> str:
        return f"diagnose {self.run} --snapshot {self.snapshot} --split {self.split} --count 1000000"

    @property
    def link(self) -> Link:
        return Link("diagnosis", {"run": self.run, "snapshot": self.snapshot, "split": self.split})
