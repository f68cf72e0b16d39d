"""What the doctor looks at: one frozen value, gathered from a run's files, its network and its data. Without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log
from typing import TYPE_CHECKING

from cnnviz.config import RunConfig
from cnnviz.diagnosis.duplicates import Shared
from cnnviz.train.events import EpochEnded, StepLogged

if TYPE_CHECKING:
    from cnnviz.explore.statistics.dead_units import LayerGradient, Rectifier


@dataclass(frozen=True)
class Answers:
    """What the network says of some images that it did not learn from."""

    split: str
    support: tuple[int, ...]
    """Images of each class."""
    guesses: tuple[int, ...]
    """Images that are taken for each class."""


@dataclass(frozen=True)
class Inside:
    """What was seen in the network itself, over some training images."""

    images: int
    rectifiers: tuple[Rectifier, ...]
    gradients: tuple[LayerGradient, ...]
    batch_norms: int
    """Number of batch norm layers."""
    answers: Answers | None
    labels: tuple[int, ...] = ()
    """Training images of each class."""
    on_test: Answers | None = None
    """Of test images of classes that training lacks; None where it lacks none."""


@dataclass(frozen=True)
class Facts:
    """All that is known of a run. What could not be known is None, and `why_not` says why."""

    run: str
    snapshot: str
    config: RunConfig
    state: str
    reason: str
    classes: tuple[str, ...]
    train: int
    """Images; 0 where no metrics say so."""
    validation: int
    epochs: tuple[EpochEnded, ...]
    """As in the run's metrics."""
    steps: tuple[StepLogged, ...]
    inside: Inside | None = None
    shared: tuple[Shared, ...] | None = None
    """Images that are in two splits; places are numbers of images in the data set's arrays."""
    why_not: Mapping[str, str] = field(default_factory=dict)
    """By the name of what is None."""

    @property
    def settings_known(self) -> bool:
        """Whether the configuration is that of its training: not of somebody else's network, trained elsewhere."""
        return self.config.network.offered

    @property
    def chance(self) -> float:
        """Accuracy of guessing among equally common classes."""
        return 1 / max(1, len(self.classes))

    @property
    def blind(self) -> float:
        """Loss of guessing so, in nats."""
        return log(max(2, len(self.classes)))

    @property
    def link(self) -> dict[str, str]:
        """The part of an address that names the snapshot."""
        return {"run": self.run, "snapshot": self.snapshot}
