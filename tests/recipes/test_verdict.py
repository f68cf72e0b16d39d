"""Verdicts worked out by hand, and how often chance alone is called a difference."""

from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from cnnviz.diagnosis.noise import SeedSpread, noise, seed_spread, spread_that_explains
from cnnviz.recipes import library
from cnnviz.recipes.plan import configuration
from cnnviz.recipes.recipe import Recipe, Reported
from cnnviz.recipes.verdict import Verdict, judged_figures, verdict
from cnnviz.runs.outcome import Outcome
from cnnviz.runs.run import Record, Run


@pytest.fixture
def recipe() -> Recipe:
    return library.find("001-3-model1")


def outcomes(*right: float, loss: tuple[float, ...] = (), count: int = 10_000) -> list[Outcome]:
    return [
        Outcome(
            run=Run(f"run-{seed}", Path("nowhere")),
            figures={
                "test_accuracy": value,
                "validation_accuracy": value,
                "test_loss": loss[seed] if loss else 0.8,
            },
            per_class={},
            test_count=count,
            validation_count=count // 2,
        )
        for seed, value in enumerate(right)
    ]


def test_one_seed_gives_the_tests_interval_and_calls_nothing_different(recipe: Recipe) -> None:
    # 1.96·√(0.75·0.25/10⁴ + 0.76·0.24/10⁴) = 1.19 points.
    assert verdict(recipe, Reported(test_accuracy=0.75), outcomes(0.76)) == Verdict(
        "reproduced",
        "One seed: reproduced, +1.0 points, within the tests' ±1.2; how far seeds scatter is unknown.",
    )
    # (2.0/1.96)² − 0.6068² = 0.6730, half of it for the report's own seed: 0.58 points.
    assert verdict(recipe, Reported(test_accuracy=0.75), outcomes(0.77)) == Verdict(
        "undecided",
        "One seed: undecided, +2.0 points, beyond the tests' ±1.2; how far seeds scatter is unknown "
        "(0.6 would explain it).",
    )
    assert verdict(recipe, Reported(test_accuracy=0.25), outcomes(0.95)).state == "undecided"


def test_several_seeds_give_a_t_interval(recipe: Recipe) -> None:
    # Deviation 1 point, 3 seeds: 4.303·1·√(4/3) = 4.97, with the tests' 1.2 in squares 5.11; two s.e.: 2.56.
    for right, state in (
        (0.76, "reproduced"),
        (0.772, "reproduced"),
        (0.78, "undecided"),
        (0.803, "differs"),
    ):
        found = verdict(recipe, Reported(test_accuracy=0.75), outcomes(right - 0.01, right, right + 0.01))
        assert found.state == state, right
        assert found.words.startswith(f"3 seeds: {state}, +{100 * (right - 0.75):.1f} points")
    assert "beyond ±5.1" in found.words
    ten = [0.78 + 0.01 * step for step in (-1, 1) * 5]
    assert verdict(recipe, Reported(test_accuracy=0.75), outcomes(*ten)).state == "differs"


def test_noise_is_students_t_and_the_tests_in_squares() -> None:
    spread = seed_spread([[0.70, 0.72, 0.74], [0.5], [0.80, 0.82]])
    assert spread is not None
    assert spread.freedom == 3
    assert spread.deviation == pytest.approx(sqrt((2 * 0.02**2 + 0.0002) / 3))
    found = noise(0.004, SeedSpread(0.02, 3), seeds=1)
    t, normal = stats.t.ppf(0.975, 3), stats.norm.ppf(0.975)
    assert found.certain == pytest.approx(sqrt((normal * 0.004) ** 2 + (t * 0.02) ** 2 * 2))
    assert found.likely == pytest.approx(normal * sqrt(0.004**2 + 2 * 0.02**2))
    both = noise(0.0, SeedSpread(0.02, 3), seeds=4, figures=2)
    assert both.certain == pytest.approx(stats.t.ppf(0.9875, 3) * 0.02 * sqrt(1.25))
    assert seed_spread([[0.7], [0.8], []]) is None
    needed = spread_that_explains(0.05, 0.004, seeds=1)
    assert noise(0.004, SeedSpread(needed, 1), seeds=1).likely == pytest.approx(0.05)


def test_a_single_seed_borrows_the_spread_that_was_measured(recipe: Recipe) -> None:
    spreads = {"test_accuracy": SeedSpread(0.01, 4, "the other variants")}
    # 2.776·1·√2 = 3.93 and the tests' 1.2: 4.11 points.
    found = verdict(recipe, Reported(test_accuracy=0.75), outcomes(0.80), spreads=spreads)
    assert found.words == "One seed: differs, +5.0 points, beyond ±4.1 (spread of the other variants)."
    found = verdict(recipe, Reported(test_accuracy=0.75), outcomes(0.77), spreads=spreads)
    assert found.state == "reproduced"


def test_a_reported_loss_counts_like_the_accuracy(recipe: Recipe) -> None:
    said = Reported(test_accuracy=0.75, test_loss=1.0)
    assert judged_figures(said) == ("test_accuracy", "test_loss")
    found = verdict(recipe, said, outcomes(0.75, loss=(0.8,)))
    assert (found.state, "loss −20 %, of which no error is known" in found.words) == ("undecided", True)
    three = (0.74, 0.75, 0.76)
    for loss, state in (((0.9, 1.0, 1.1), "reproduced"), ((0.49, 0.5, 0.51), "differs")):
        found = verdict(recipe, said, outcomes(*three, loss=loss))
        assert found.state == state
    assert "+0.0 points, within" in found.words
    assert "loss −50 %, beyond" in found.words


def test_ranges_and_targets_have_the_same_noise(recipe: Recipe) -> None:
    span = Reported(validation_accuracy_range=(0.61, 0.66))
    assert verdict(recipe, span, outcomes(0.63)).words.startswith(
        "One seed: reproduced, validation accuracy +0.0"
    )
    assert verdict(recipe, span, outcomes(0.70)).state == "undecided"
    assert verdict(recipe, span, outcomes(0.80, 0.801, 0.802)).state == "differs"
    aim = Reported(target_test_accuracy=0.8)
    assert verdict(recipe, aim, outcomes(0.81)).words.startswith("One seed: reached, +0.0 points")
    assert verdict(recipe, aim, outcomes(0.797)).words.startswith("One seed: undecided, −0.3 points, within")
    assert verdict(recipe, aim, outcomes(0.70, 0.70, 0.701)).words.startswith("3 seeds: not reached, −10.0")


def test_what_can_not_be_compared_is_said(recipe: Recipe) -> None:
    said = Reported(test_accuracy=0.7)
    assert verdict(recipe, said, []).state == "not run"
    assert "size short" in verdict(recipe, said, outcomes(0.7), size="short").words
    assert verdict(recipe, Reported(), outcomes(0.7)).state == "not comparable"
    started = configuration(library.find("004-2"), "unfrozen", pretrained="mine")
    run = outcomes(0.8)[0].run
    record = Record(created=0, config=started, versions={}, machine="")
    run.__dict__["record"] = record
    found = outcomes(0.8)
    found[0].run.__dict__["record"] = record
    assert "starts from mine" in verdict(recipe, said, found, pretrained="mine").words


@pytest.mark.parametrize("own_seed", [False, True], ids=["true mean", "one draw"])
@pytest.mark.parametrize("with_loss", [False, True], ids=["accuracy", "and loss"])
@pytest.mark.parametrize(("seeds", "deviation"), [(1, 0.027), (2, 0.027), (3, 0.027), (3, 0.001), (5, 0.01)])
def test_chance_is_called_a_difference_in_one_of_twenty_cases_at_most(
    recipe: Recipe, seeds: int, deviation: float, with_loss: bool, own_seed: bool
) -> None:
    """The report's figure is the true mean, or one more run of the same setting; loss goes with accuracy."""
    chance = np.random.default_rng(0)
    differs, cases, images = 0, 400, 1000
    for _ in range(cases):
        accuracy = 0.72 + deviation * chance.standard_normal(seeds + 1)
        drawn = chance.binomial(images, accuracy) / images
        loss = 0.8 - 3 * (accuracy - 0.72) + deviation * chance.standard_normal(seeds + 1)
        said = {"test_accuracy": drawn[-1] if own_seed else 0.72}
        if with_loss:
            said["test_loss"] = loss[-1] if own_seed else 0.8
        found = outcomes(*drawn[:-1], loss=tuple(loss[:-1]), count=images)
        # The fixture's report tests on 10,000 images: on one of its figures there is less chance than assumed.
        one = recipe.model_copy(update={"reported_test_count": images if own_seed else 10**9})
        differs += verdict(one, Reported(**said), found).state == "differs"  # type: ignore[arg-type]
    assert differs <= 0.05 * cases + 2 * sqrt(0.05 * 0.95 * cases) * own_seed
    assert seeds > 1 or not differs
