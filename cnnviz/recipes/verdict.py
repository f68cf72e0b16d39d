"""Reported against measured, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import Literal

from cnnviz.diagnosis.noise import SeedSpread, noise, seed_spread, spread_that_explains
from cnnviz.formatting import decimal, standard_error
from cnnviz.recipes.recipe import Recipe, Reported, Size
from cnnviz.runs.outcome import Outcome

State = Literal["reproduced", "undecided", "differs", "not comparable", "not run"]

LEGEND = """\
The measured figure is a mean over seeds; the report's is one more run. A difference is *reproduced* within two standard
errors of both tests and of the seeds, and *differs* beyond the 95 % interval, which takes Student's t for the seeds;
between the two it is *undecided*. With one seed, the seeds' spread is that of the recipe's other variants, or of the
report's own repetitions, where there are any; else it is unknown, and nothing is said to differ. A reported loss counts
as the accuracy does; of its error, one seed tells nothing.
"""
"""How verdicts are reached, for a page."""
_ORDER: tuple[State, ...] = ("reproduced", "undecided", "differs")
"""The verdict over several figures is the last of theirs."""


@dataclass(frozen=True)
class Verdict:
    state: State
    words: str


@dataclass(frozen=True)
class _Figure:
    """One figure on both sides."""

    name: str
    difference: float
    """Measured less reported."""
    reported: float
    tests: float | None
    """Standard error of both tests; None where it is not known."""


def verdict(
    recipe: Recipe,
    reported: Reported,
    outcomes: Sequence[Outcome],
    *,
    size: Size = "full",
    pretrained: str | None = None,
    spreads: Mapping[str, SeedSpread] | None = None,
) -> Verdict:
    """Whether the runs of a variant reproduce what the report says of it; `LEGEND` says how.

    `spreads` has the seeds' spread by figure for a variant with a single seed. Test images are the same or of the same
    kind on both sides, which makes the error, if anything, too large.
    """
    if not outcomes:
        return Verdict("not run", "Not run.")
    if why := _another_experiment(outcomes, size, pretrained):
        return Verdict("not comparable", f"Not comparable: {why}.")
    figures = _figures(recipe, reported, outcomes)
    if not figures:
        return Verdict("not comparable", "Not comparable: the report gives no accuracy.")
    judged = [_judged(one, outcomes, spreads or {}, count=len(figures)) for one in figures]
    state = max((one.state for one in judged), key=_ORDER.index)
    seeds = "One seed" if len(outcomes) == 1 else f"{len(outcomes)} seeds"
    named: str = state
    if reported.target_test_accuracy is not None:
        if figures[0].difference < 0 and state == "reproduced":
            state = "undecided"  # a little short, which another seed may mend
        named = {"reproduced": "reached", "differs": "not reached"}.get(state, state)
    words = "; ".join(one.words for one in judged)
    if not any(_spread(one.name, outcomes, spreads or {}) for one in figures):
        words += "; how far seeds scatter is unknown"
        first = figures[0]
        if judged[0].state == "undecided" and first.tests is not None:
            needed = spread_that_explains(first.difference, first.tests, seeds=1)
            words += f" ({100 * needed:.1f} would explain it)"
    return Verdict(state, f"{seeds}: {named}, {words}.")


def judged_figures(reported: Reported) -> tuple[str, ...]:
    """The figures that a variant is judged by: of the test, or of validation where the report gives no other."""
    validation = reported.validation_accuracy is not None or reported.validation_accuracy_range is not None
    split = "validation" if validation and reported.test_accuracy is None else "test"
    loss = (f"{split}_loss",) if getattr(reported, f"{split}_loss") is not None else ()
    return f"{split}_accuracy", *loss


def _another_experiment(outcomes: Sequence[Outcome], size: Size, pretrained: str | None) -> str:
    """What makes the runs other than the report's; empty where nothing does."""
    if size != "full":
        return f"run at size {size}, with fewer images or epochs"
    if pretrained and any(one.run.config.start.source == "checkpoint" for one in outcomes):
        return f"starts from {pretrained}, not from ImageNet"
    return ""


def _figures(recipe: Recipe, reported: Reported, outcomes: Sequence[Outcome]) -> list[_Figure]:
    result = []
    for name in judged_figures(reported):
        measured = _mean(name, outcomes)
        said, theirs = _nearest(reported, name, measured)
        if said is None:
            continue
        tests = None
        if name.endswith("accuracy"):
            count = outcomes[0].count(name)
            theirs *= recipe.reported_test_count if name.startswith("test") else count
            tests = hypot(standard_error(said, theirs), standard_error(measured, count))
        result.append(_Figure(name, measured - said, said, tests))
    return result


def _nearest(reported: Reported, name: str, measured: float) -> tuple[float | None, int]:
    """What the report says of a figure, as near to the measured one as it allows; 0 where that has no error."""
    said: float | None = getattr(reported, name)
    if said is not None or not name.endswith("accuracy"):
        return said, 1
    if name == "validation_accuracy" and reported.validation_accuracy_range:
        low, high = reported.validation_accuracy_range
        return min(max(measured, low), high), 1
    target = reported.target_test_accuracy
    return (None, 1) if target is None else (max(measured, target), 0)


def _judged(
    figure: _Figure, outcomes: Sequence[Outcome], spreads: Mapping[str, SeedSpread], *, count: int
) -> Verdict:
    spread = _spread(figure.name, outcomes, spreads)
    limits = noise(figure.tests or 0.0, spread, seeds=len(outcomes), figures=count)
    distance = abs(figure.difference)
    state: State = (
        "reproduced" if distance <= limits.likely else "differs" if distance > limits.certain else "undecided"
    )
    share = figure.name.endswith("accuracy")
    scale = 100.0 if share else 100 / max(figure.reported, 1e-12)
    unit = " points" if share else " %"
    what = {"test_accuracy": "", "validation_accuracy": "validation accuracy "}.get(figure.name, "loss ")
    words = f"{what}{decimal(scale * figure.difference, '+.1f' if share else '+.0f')}{unit}"
    if spread is None:
        if figure.tests is None:
            return Verdict(state, f"{words}, of which no error is known")
        side = "within" if state == "reproduced" else "beyond"
        return Verdict(state, f"{words}, {side} the tests' ±{scale * limits.likely:.1f}")
    whose = f" (spread of {spread.source})" if spread.source else ""
    likely, certain = (
        f"±{scale * limit:.1f}{'' if share else ' %'}" for limit in (limits.likely, limits.certain)
    )
    if state == "undecided":
        return Verdict(state, f"{words}, beyond {likely} but within {certain}: too few seeds{whose}")
    return Verdict(
        state, f"{words}, {f'within {likely}' if state == 'reproduced' else f'beyond {certain}'}{whose}"
    )


def _spread(name: str, outcomes: Sequence[Outcome], spreads: Mapping[str, SeedSpread]) -> SeedSpread | None:
    return seed_spread([[one.figures[name] for one in outcomes]]) or spreads.get(name)


def _mean(name: str, outcomes: Sequence[Outcome]) -> float:
    return sum(one.figures[name] for one in outcomes) / len(outcomes)
