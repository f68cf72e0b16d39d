"""What figures of one network share: it is loaded once, with what it was drawn from."""

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
    """A loaded network."""

    run: Run
    model: nn.Module
    card: Card
    sources: dict[str, str]
    """Its weights' SHA-256, alone."""

    @property
    def digest(self) -> str:
        """SHA-256 of the weights' file."""
        return next(iter(self.sources.values()))


class OfNetwork(Figure):
    """A figure of a snapshot's network."""

    run: RunId
    snapshot: SnapshotName = "last"

    def opened(self) -> Work[Opened]:
        """Load it. Raises NotFound, RunError, CheckpointError."""
        from cnnviz.models import checkpoint

        run = find(self.run)
        sources = provenance.of_weights(run, self.snapshot)
        yield Progress(0.0, "Loading the network")
        model, card = checkpoint.load(snapshot_file(run.id, self.snapshot))
        return Opened(run, model, card, sources)

    def with_data(self, *, any_size: bool = False) -> Work[tuple[Opened, Dataset, dict[str, str]]]:
        """The network, its data set, and what both are. Raises DataError, too."""
        from cnnviz.explore.inputs.test_images import data_of

        found = yield from self.opened()
        data = yield from data_of(found.card, any_size=any_size)
        return found, data, found.sources | provenance.of_data(found.card.data)
