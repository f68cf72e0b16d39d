"""What chance does to a difference between two figures: that of the tests, and that of the seeds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot, inf, sqrt
from statistics import NormalDist, variance

CONFIDENCE = 0.95
CHOOSING = "Choose by validation: a test that is chosen by is no test any more, the best of many is too good by chance."
"""To be said where the test figures of many runs are looked at."""


@dataclass(frozen=True)
class SeedSpread:
    """Standard deviation of a figure over seeds, as far as it was measured."""

    deviation: float
    freedom: int
    """Degrees of freedom: how many runs more than means it was taken from."""
    source: str = ""
    """Whose seeds; empty for the variant's own."""


@dataclass(frozen=True)
class Noise:
    """Distances from zero at which a difference begins to mean something."""

    likely: float
    """Below it the difference is what chance alone gives: two standard errors."""
    certain: float
    """Above it chance gives it in at most one of twenty cases, also if the seeds' spread was underestimated."""


def seed_spread(groups: Iterable[Sequence[float]], source: str = "") -> SeedSpread | None:
    """The spread over seeds, pooled over groups of one setting each; None where no group has two values."""
    several = [values for values in groups if len(values) > 1]
    freedom = sum(len(values) - 1 for values in several)
    if not freedom:
        return None
    total = sum((len(values) - 1) * variance(values) for values in several)
    return SeedSpread(sqrt(total / freedom), freedom, source)


def noise(tests: float, spread: SeedSpread | None, *, seeds: int, figures: int = 1) -> Noise:
    """Noise of (mean over `seeds` runs) − (one run of the report).

    `tests` is the standard error of both tests together. Where several `figures` are judged, each has its part of the
    5 % (Bonferroni). The part of the seeds is Student's t times their standard error, which makes the sum, if anything,
    too wide (Cochran 1964, Approximate significance levels of the Behrens-Fisher test).
    """
    level = 1 - (1 - CONFIDENCE) / 2 / figures
    normal = NormalDist().inv_cdf(level)
    if spread is None:
        return Noise(normal * tests, inf)
    scatter = spread.deviation * sqrt(1 + 1 / seeds)
    return Noise(
        normal * hypot(tests, scatter), hypot(normal * tests, students_t(level, spread.freedom) * scatter)
    )


def spread_that_explains(difference: float, tests: float, *, seeds: int) -> float:
    """Deviation over seeds from which on a difference that is larger than the tests' noise would be chance."""
    rest = (difference / NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2)) ** 2 - tests**2
    return sqrt(max(0.0, rest) / (1 + 1 / seeds))


def students_t(level: float, freedom: float) -> float:
    """The quantile of Student's t distribution."""
    from scipy.special import stdtrit  # a third of a second, which pages without several seeds do without

    return float(stdtrit(freedom, level))
