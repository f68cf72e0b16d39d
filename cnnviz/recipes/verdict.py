"""Reported against measured, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Literal

from cnnviz.formatting import decimal, standard_error
from cnnviz.recipes.recipe import Recipe, Reported, Size
from cnnviz.recipes.results import Outcome, VariantSummary, summary

State = Literal["reproduced", "differs", "not comparable", "not run"]

_POINTS, _OF_ERRORS = 0.005, 0.05


def assumed_deviation(accuracy: float) -> float:
    """Standard deviation over seeds that is assumed where fewer than three were run.

    Half a point, or a twentieth of the errors where these are few.
    """
    return min(_POINTS, _OF_ERRORS * (1 - accuracy))


_COMPARED = ("test_accuracy", "validation_accuracy")


@dataclass(frozen=True)
class Verdict:
    state: State
    words: str


def verdict(
    recipe: Recipe,
    reported: Reported,
    outcomes: Sequence[Outcome],
    *,
    size: Size = "full",
    pretrained: str | None = None,
) -> Verdict:
    """Whether the runs of a variant reproduce what the report says of it.

    The difference of the accuracies is held against twice its standard error: that of both tests (binomial) and that
    of the seeds, of which the report is one draw. Test images are the same or of the same kind on both sides, which
    makes the error, if anything, too large.
    """
    if not outcomes:
        return Verdict("not run", "Not run.")
    if why := _another_experiment(outcomes, size, pretrained):
        return Verdict("not comparable", f"Not comparable: {why}.")
    if reported.validation_accuracy_range and not reported.test_accuracy:
        return _in_range(reported.validation_accuracy_range, outcomes)
    for figure in _COMPARED:
        said, found = getattr(reported, figure), summary(outcomes, figure)
        if said is not None and found is not None:
            count = outcomes[0].count(figure)
            theirs = recipe.reported_test_count if figure == "test_accuracy" else count
            return _compared(figure, said, found, count=count, theirs=theirs)
    if reported.target_test_accuracy is not None:
        return _target(reported.target_test_accuracy, outcomes)
    return Verdict("not comparable", "Not comparable: the report gives no accuracy.")


def _another_experiment(outcomes: Sequence[Outcome], size: Size, pretrained: str | None) -> str:
    """What makes the runs other than the report's; empty where nothing does."""
    if size != "full":
        return f"run at size {size}, with fewer images or epochs"
    if pretrained and any(one.run.config.start.source == "checkpoint" for one in outcomes):
        return f"starts from {pretrained}, not from ImageNet"
    return ""


def _compared(figure: str, said: float, found: VariantSummary, *, count: int, theirs: int) -> Verdict:
    enough = found.seeds >= 3 and found.deviation is not None
    noise = found.deviation if enough and found.deviation is not None else assumed_deviation(said)
    seeds = noise * sqrt(1 + 1 / found.seeds)
    error = hypot(standard_error(said, theirs), standard_error(found.mean, count), seeds)
    points, margin = 100 * (found.mean - said), 200 * error
    what = "validation accuracy, " if figure == "validation_accuracy" else ""
    state: State = "reproduced" if abs(points) <= margin else "differs"
    where = "within" if state == "reproduced" else "beyond"
    how = f"{where} noise (2 s.e. {margin:.1f}{'' if enough else ', seeds assumed'})"
    return Verdict(state, f"{state.capitalize()}: {what}{_signed(points)}, {how}.")


def _in_range(limits: tuple[float, float], outcomes: Sequence[Outcome]) -> Verdict:
    found = summary(outcomes, "validation_accuracy")
    assert found is not None
    low, high = limits
    margin = 2 * hypot(
        standard_error(found.mean, outcomes[0].validation_count), assumed_deviation(found.mean)
    )
    span = f"{low:.0%} to {high:.0%}"
    if low - margin <= found.mean <= high + margin:
        return Verdict("reproduced", f"Reproduced: validation accuracy {found.mean:.1%}, reported {span}.")
    return Verdict("differs", f"Differs: validation accuracy {found.mean:.1%}, reported {span}.")


def _target(target: float, outcomes: Sequence[Outcome]) -> Verdict:
    found = summary(outcomes, "test_accuracy")
    assert found is not None
    error = 100 * standard_error(found.mean, outcomes[0].test_count)
    text = f"{found.mean:.1%} (± {error:.1f}) on the way to {target:.0%}"
    if found.mean >= target:
        return Verdict("reproduced", f"Reached: test accuracy {text}.")
    return Verdict("differs", f"Not reached: test accuracy {text}.")


def _signed(points: float) -> str:
    return decimal(points, "+.1f") + " points"
