"""What a study found: figures of each variant over its seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from cnnviz.diagnosis.difference import NATS, POINTS, Difference, from_first
from cnnviz.diagnosis.noise import CONFIDENCE, students_t
from cnnviz.runs.outcome import Outcome, summary
from cnnviz.studies.progress import Progress, Trial
from cnnviz.studies.variant import Variant


@dataclass(frozen=True)
class Mean:
    """A figure over seeds."""

    value: float
    standard_error: float | None
    """Of the mean, from the spread over seeds; None for a single one."""
    seeds: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the mean, by Student's t; None for a single seed."""
        if self.standard_error is None:
            return None
        reach = students_t(0.5 + CONFIDENCE / 2, self.seeds - 1) * self.standard_error
        return self.value - reach, self.value + reach


@dataclass(frozen=True)
class Row:
    """A variant, and what came out of it so far."""

    variant: Variant
    trials: Sequence[Trial]
    validation: Mean | None
    """What the objective looks at."""
    test: Mean | None
    """Test accuracy: to be reported, never to choose by."""
    seconds: Mean | None
    figures: Sequence[float]
    """What the objective looks at, of each seed that has finished."""

    @property
    def finished(self) -> int:
        return sum(one.finished for one in self.trials)


def rows(progress: Progress) -> list[Row]:
    """A row a variant, in the order of the study."""
    return [_row(variant, trials, progress.study.figure) for variant, trials in progress.by_variant]


def listed(progress: Progress) -> list[Row]:
    """The rows as they are shown: trials of a search the best first, those without a figure last."""
    found = rows(progress)
    if progress.study.vary.kind != "search":
        return found
    there = [(row.validation.value, row) for row in found if row.validation is not None]
    there.sort(key=lambda one: one[0], reverse=progress.study.objective == "validation_accuracy")
    return [row for _, row in there] + [row for row in found if row.validation is None]


def best(found: Sequence[Row], progress: Progress) -> Row | None:
    """The variant with the best validation figure; None before any run has finished."""
    sign = 1 if progress.study.objective == "validation_loss" else -1
    those = [row for row in found if row.validation is not None]
    return min(those, key=lambda row: sign * row.validation.value if row.validation else 0.0, default=None)


def beside_first(found: Sequence[Row], progress: Progress) -> list[Difference | None]:
    """How each variant but the first differs from the first, over seeds, corrected for all together.

    None where one of the two has a single seed, and in a search, whose first trial is any. With the first, as the
    study names it, and not with the best: that is the best by luck, too, and too many others would differ from it.
    """
    if progress.study.vary.kind == "search":
        return [None] * max(0, len(found) - 1)
    unit = NATS if progress.study.objective == "validation_loss" else POINTS
    return from_first([row.figures for row in found], unit=unit) if found else []


def _row(variant: Variant, trials: Sequence[Trial], figure: str) -> Row:
    outcomes = [found for one in trials if (found := one.outcome)]
    return Row(
        variant,
        trials,
        _mean(outcomes, figure),
        _mean(outcomes, "test_accuracy"),
        _mean(outcomes, "seconds"),
        [one.figures[figure] for one in outcomes if figure in one.figures],
    )


def _mean(outcomes: Sequence[Outcome], figure: str) -> Mean | None:
    found = summary(outcomes, figure)
    if found is None:
        return None
    error = None if found.deviation is None else found.deviation / sqrt(found.seeds)
    return Mean(found.mean, error, found.seeds)
