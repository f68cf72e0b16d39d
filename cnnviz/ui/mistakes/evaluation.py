"""What a network was asked about, and what it said: what all parts of the page look at."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.widgets import predictions

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset
    from cnnviz.explore.predictions import Predictions


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A network and its predictions."""

    network: SelectedNetwork
    data: "Dataset | None"
    """None where its images are not on this machine."""
    split: str
    found: "Predictions"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes."""
        return self.network.card.classes

    @property
    def whole(self) -> bool:
        """Whether all images of the split are known to have been asked about."""
        if self.data is None:
            return False
        return len(self.found) == len(predictions.pool(self.network, self.data, self.split).numbers)
