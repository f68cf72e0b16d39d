"""Whether one figure is better than another: on the same images, or over seeds; alone, or among several."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from statistics import mean, variance

import numpy as np
from numpy.typing import NDArray

from cnnviz.diagnosis.noise import CONFIDENCE, students_t
from cnnviz.formatting import decimal

_MOST_SEEDS = 30


@dataclass(frozen=True)
class Unit:
    """What differences of a figure are told in."""

    name: str
    scale: float
    """Of these in 1; negative where less is better."""
    digits: int


POINTS = Unit("points", 100, 1)
"""Percentage points, of accuracies."""
NATS = Unit("nats", -1, 3)
"""Of cross-entropy losses."""


@dataclass(frozen=True)
class Spread:
    """How two settings scatter over their seeds."""

    variances: tuple[float, float]
    """In squares of the unit."""
    seeds: int
    """Of the one that has fewer."""
    times: float = 1.0
    """How much surer one has to be, as it is one of several that are looked at."""

    def seeds_that_tell(self, points: float) -> int | None:
        """Seeds of each from which on a difference of that size is more than noise; None for too many."""
        level = 1 - (1 - CONFIDENCE) / 2 / self.times
        for seeds in range(self.seeds + 1, _MOST_SEEDS + 1):
            if abs(points) > students_t(level, 2 * seeds - 2) * sqrt(sum(self.variances) / seeds):
                return seeds
        return None


@dataclass(frozen=True)
class Difference:
    """How much better one figure is than another, and whether chance alone would give that."""

    points: float
    """In the unit: percentage points, if it is not another; negative where it is worse."""
    chance: float
    """How often chance alone gives a difference at least as large (p), corrected where several are looked at."""
    base: str
    """What it rests on, in words."""
    low: float | None = None
    """95 % interval in points, of this comparison by itself; None where there is none."""
    high: float | None = None
    unit: Unit = POINTS
    spread: Spread | None = None
    """Over seeds; None where it rests on something else."""

    @property
    def seeds(self) -> int | None:
        """Seeds of each, more than there are, that would tell a difference of this size; None where nobody can say."""
        return None if self.spread is None else self.spread.seeds_that_tell(self.points)

    @property
    def certain(self) -> bool:
        """Whether chance gives it in at most one of twenty cases."""
        return self.chance <= 1 - CONFIDENCE

    @property
    def words(self) -> str:
        """In one line: 0.8 points better, within noise: 5 seeds would tell."""
        size = f"{abs(self.points):.{self.unit.digits}f} {self.unit.name}"
        said = f"{size} {'better' if self.points > 0 else 'worse'}" if self.points else "no difference"
        if self.certain:
            return f"{said}, more than noise"
        if self.seeds is not None and self.points:
            return f"{said}, within noise: {self.seeds} seeds would tell"
        return f"{said}, within noise"

    @property
    def chance_in_words(self) -> str:
        """As a share: 3.1 %, or under 0.1 %."""
        return "under 0.1 %" if self.chance < 0.001 else f"{100 * self.chance:.1f} %"

    @property
    def interval_in_words(self) -> str:
        """−0.4 to +2.0; a dash where there is none."""
        if self.low is None or self.high is None:
            return "–"
        style = f"+.{self.unit.digits}f"
        return f"{decimal(self.low, style)} to {decimal(self.high, style)}"


def paired(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> Difference:
    """Of two networks that were asked the same images: where each was right, (N,). McNemar's exact test.

    McNemar 1947, Note on the sampling error of the difference between correlated proportions; two-sided binomial.
    """
    from scipy.special import bdtr

    here, there = int((one & ~other).sum()), int((other & ~one).sum())
    apart = here + there
    chance = min(1.0, 2 * float(bdtr(min(here, there), apart, 0.5))) if apart else 1.0
    return Difference(
        points=100 * (here - there) / max(1, len(one)),
        chance=chance,
        base=f"{here:,} images only this one gets right, {there:,} only the other, of {len(one):,}",
    )


def over_seeds(one: Sequence[float], other: Sequence[float], *, unit: Unit = POINTS) -> Difference:
    """Of the accuracies (shares) of two settings under two or more seeds each, or of other figures in their `unit`.

    Welch's t-test and interval.

    Welch 1947, The generalization of "Student's" problem when several different population variances are involved.
    """
    from scipy.special import stdtr

    points = unit.scale * (mean(one) - mean(other))
    variances = unit.scale**2 * variance(one), unit.scale**2 * variance(other)
    parts = [spread / len(values) for spread, values in zip(variances, (one, other), strict=True)]
    error = sqrt(sum(parts))
    base = f"{len(one)} and {len(other)} seeds"
    if not error:
        return Difference(points, 0.0 if points else 1.0, base, points, points, unit=unit)
    freedom = error**4 / sum(
        part**2 / (len(values) - 1) for part, values in zip(parts, (one, other), strict=True)
    )
    reach = students_t(1 - (1 - CONFIDENCE) / 2, freedom) * error
    return Difference(
        points=points,
        chance=2 * float(stdtr(freedom, -abs(points) / error)),
        base=base,
        low=points - reach,
        high=points + reach,
        unit=unit,
        spread=Spread(variances, min(len(one), len(other))),
    )


def from_first(settings: Sequence[Sequence[float]], *, unit: Unit = POINTS) -> list[Difference | None]:
    """How each setting but the first differs from the first, by their figures over seeds, as `over_seeds` says.

    Corrected for all of them together; None where one of the two has a single seed.
    """
    first, *others = settings
    several = [at for at, values in enumerate(others) if min(len(values), len(first)) > 1]
    told = corrected([over_seeds(others[at], first, unit=unit) for at in several])
    found: list[Difference | None] = [None] * len(others)
    for at, one in zip(several, told, strict=True):
        found[at] = one
    return found


def corrected(differences: Sequence[Difference]) -> list[Difference]:
    """The same with chances that hold for all of them together, and the seeds that would tell it then."""
    chances = holm([one.chance for one in differences])
    found = []
    for one, chance in zip(differences, chances, strict=True):
        times = chance / one.chance if one.chance and chance < 1 else float(len(differences))
        found.append(replace(one, chance=chance, spread=one.spread and replace(one.spread, times=times)))
    return found


def holm(chances: Sequence[float]) -> list[float]:
    """Chances that hold for all of them together (Holm 1979)."""
    order = sorted(range(len(chances)), key=lambda at: chances[at])
    found, highest = list(chances), 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * chances[at]))
        found[at] = highest
    return found
