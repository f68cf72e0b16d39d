"""What a network says of all images of a split: what figures of its mistakes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from cnnviz.explore import stored_predictions
from cnnviz.formatting import accuracy
from cnnviz.progress import Progress, Work
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Figure, Link, RunId, SnapshotName
from cnnviz.runs.run import Run, find
from cnnviz.workspace import snapshot_file

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


class OfPredictions(Figure):
    """A figure of what a network says of the images of a split."""

    run: RunId
    snapshot: SnapshotName = "last"
    split: Literal["test", "validation"] = "test"

    def predicted(self) -> Work[Predicted]:
        """Predictions as they are stored, and stored where they were not all there."""
        from cnnviz.explore.inputs.test_images import data_of
        from cnnviz.explore.predictions import SPLITS, joined, predicting
        from cnnviz.models import checkpoint

        run = find(self.run)
        weights = provenance.of_weights(run, self.snapshot)
        yield Progress(0.0, "Loading the network")
        model, card = checkpoint.load(snapshot_file(run.id, self.snapshot))
        data = yield from data_of(card)
        pool = SPLITS[self.split](data, run.config.data)
        (digest,) = weights.values()
        artifact = stored_predictions.artifact(
            run.id, self.snapshot, self.split, digest=digest, data=card.data
        )
        known = artifact.load()
        missing = pool.numbers if known is None else np.setdiff1d(pool.numbers, known.numbers)
        if len(missing):
            parts = [] if known is None else [known]
            known = yield from predicting(
                model, card, pool.images, pool.labels, numbers=missing, of=f"{self.split} images", parts=parts
            )
            artifact.save(joined(parts))
        assert known is not None
        return Predicted(run, card, known, weights | provenance.of_data(card.data))

    @property
    def command(self) -> str:
        return f"diagnose {self.run} --snapshot {self.snapshot} --split {self.split} --count 1000000"

    @property
    def link(self) -> Link:
        return Link("diagnosis", {"run": self.run, "snapshot": self.snapshot, "split": self.split})
