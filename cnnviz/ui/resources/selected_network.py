"""The network that a page looks at: a snapshot of a run."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviz.runs.run import Run
from cnnviz.ui.resources import networks
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RUN, SNAPSHOT

if TYPE_CHECKING:
    from cnnviz.models.checkpoint import Card


@dataclass(frozen=True)
class SelectedNetwork:
    """A snapshot of a run."""

    run: Run
    snapshot: str
    stamp: networks.Stamp
    card: "Card"

    @property
    def grey(self) -> bool:
        """Whether its images have one channel."""
        return self.card.image_shape[2] == 1

    @property
    def link(self) -> dict[str, str]:
        """The part of an address that names it."""
        return selection.link({RUN: self.run.id, SNAPSHOT: self.snapshot})

    def at(self, snapshot: str) -> "SelectedNetwork":
        """Another snapshot of the same run. Raises CheckpointError when it is not there."""
        stamp = networks.stamp(self.run.id, snapshot)
        return SelectedNetwork(self.run, snapshot, stamp, networks.network(stamp)[1])
