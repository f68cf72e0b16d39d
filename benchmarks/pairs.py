"""Ways of doing the same thing, measured in turn, and the statistics of that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

Turn = Callable[[], float]
"""Does its work once, and gives the figure."""


class Spread(NamedTuple):
    """Where some figures lie."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Unit:
    """What figures are in."""

    name: str
    more_is_better: bool


RATE = Unit("images/s", more_is_better=True)
SHARE = Unit("%", more_is_better=True)
MILLISECONDS = Unit("ms", more_is_better=False)
SECONDS = Unit("s", more_is_better=False)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: our figures, those measured beside them, and what was promised."""

    name: str
    what: str
    """What is compared, in words."""
    unit: Unit
    ours: Sequence[float]
    theirs: Sequence[float] = ()
    """Of the same turns; empty where there is nothing to compare with."""
    target: float | None = None
    """How many times as fast ours should be, at least; None where nothing of the kind was promised."""
    at_most: float | None = None
    """What our median should not exceed; a row without this and without `target` is for information."""
    notes: Sequence[str] = ()

    @property
    def ratio(self) -> Spread | None:
        """How many times as fast ours is, pair by pair; None where there is nothing to compare with."""
        if not self.theirs:
            return None
        pairs = zip(self.ours, self.theirs, strict=True)
        return spread([a / b if self.unit.more_is_better else b / a for a, b in pairs])

    @property
    def met(self) -> bool | None:
        """Whether the median ratio reaches the target, or our median stays below; None where nothing was promised."""
        if self.at_most is not None:
            return spread(self.ours).median <= self.at_most
        return None if self.target is None or self.ratio is None else self.ratio.median >= self.target


class Unavailable(Exception):
    """This machine lacks what a benchmark needs. The message says what."""


def spread(figures: Sequence[float]) -> Spread:
    """Median, smallest and largest."""
    return Spread(median(figures), min(figures), max(figures))


def in_turn(*turns: Turn, repeats: int) -> list[tuple[float, ...]]:
    """The figures of each way, all ways taking turns: A B A B …

    What slows the machine for a while (heat, other processes) then falls on neighbours, whose ratio keeps.
    """
    rounds = [[turn() for turn in turns] for _ in range(repeats)]
    return list(zip(*rounds, strict=True))
