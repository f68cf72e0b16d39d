"""A network and the test images of its data set: what figures over many images share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviz.progress import Progress, Work
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Figure, RunId, SnapshotName
from cnnviz.runs.run import Run, find
from cnnviz.workspace import snapshot_file

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.data.prepared import Dataset
    from cnnviz.models.checkpoint import Card


@dataclass(frozen=True, eq=False)
class Opened:
    """A loaded network, and its data."""

    run: Run
    model: nn.Module
    card: Card
    data: Dataset
    digest: str
    """SHA-256 of the weights' file."""
    sources: dict[str, str]


class OfTestImages(Figure):
    """A figure of what a network makes of many test images."""

    run: RunId
    snapshot: SnapshotName = "last"

    def opened(self) -> Work[Opened]:
        """Load network and data. Raises NotFound, CheckpointError, DataError."""
        from cnnviz.explore.inputs.test_images import data_of
        from cnnviz.models import checkpoint

        run = find(self.run)
        weights = provenance.of_weights(run, self.snapshot)
        yield Progress(0.0, "Loading the network")
        model, card = checkpoint.load(snapshot_file(run.id, self.snapshot))
        data = yield from data_of(card, any_size=True)
        (digest,) = weights.values()
        return Opened(run, model, card, data, digest, weights | provenance.of_data(card.data))
