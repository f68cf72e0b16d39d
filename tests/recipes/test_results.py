import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnviz.recipes import library, reproduction, results_table
from cnnviz.recipes.plan import configuration
from cnnviz.recipes.recipe import Recipe, Reported
from cnnviz.recipes.results import Outcome, RunsByConfiguration, kept, outcome, shelf, summary
from cnnviz.recipes.verdict import assumed_deviation, verdict
from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.runs.metrics import Journal
from cnnviz.runs.run import Run

Make = Callable[..., Run]


@pytest.fixture
def recipe() -> Recipe:
    return library.find("001-3-model1")


@pytest.fixture
def make(bench: object, recipe: Recipe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Make:
    """Makes the folder of a finished run of a variant, with a given test accuracy."""
    monkeypatch.setenv("CNNVIZ_RECORDS", str(tmp_path / "docs" / "reproduction"))

    def made(
        right: float, *, variant: str = "3x3-sgd", seed: int = 0, state: str = "finished", **how: object
    ) -> Run:
        run = running.create(configuration(recipe, variant, seed=seed, **how), *running.environment())  # type: ignore[arg-type]
        status.write(run.folder, status.Status(state=state, reason="why", epochs=2, updated=time.time()))  # type: ignore[arg-type]
        journal = Journal(run.folder)
        journal.add("started", {"classes": ["cat", "dog"], "validation": 5000})
        journal.add("step", {"step": 1, "loss": 2.0})
        if state == "finished":
            for epoch, loss, found in ((1, 0.9, 0.6), (2, 1.0, right + 0.01)):
                journal.add(
                    "epoch",
                    {"epoch": epoch, "step": epoch, "train_loss": loss / 2, "train_accuracy": 0.9,
                     "validation_loss": loss, "validation_accuracy": found},
                )  # fmt: skip
            journal.add(
                "finished",
                {"reason": "early stopping", "epoch": 1, "test_accuracy": right, "test_loss": 0.8, "test_count": 10_000,
                 "test_accuracy_by_class": [0.5, None], "seconds": 60.0},
            )  # fmt: skip
        journal.close()
        return run

    return made


def test_a_run_is_found_by_what_was_run_wherever_it_was_started(make: Make, recipe: Recipe) -> None:
    first = make(0.75)
    make(0.70, variant="5x5")
    make(0.40, size="short")
    found = shelf().outcomes(recipe, "3x3-sgd")
    assert [one.run.id for one in found] == [first.id]
    assert [one.figures["test_accuracy"] for one in shelf().outcomes(recipe, "3x3-sgd", size="short")] == [
        0.40
    ]
    assert shelf().outcomes(recipe, "adam") == []


def test_figures_are_those_of_the_tested_weights(make: Make) -> None:
    found = outcome(make(0.75))
    assert found is not None
    assert found.figures["validation_accuracy"] == 0.6
    assert (found.figures["best_validation_epoch"], found.figures["stopped_epoch"]) == (1, 2)
    assert found.figures["first_epoch_validation_accuracy"] == 0.6
    assert found.per_class == {"cat": 0.5}
    assert (found.count("test_accuracy"), found.count("validation_accuracy"), found.count("seconds")) == (
        10_000,
        5000,
        0,
    )


def test_seeds_make_a_mean_and_only_the_newest_run_of_each_counts(make: Make, recipe: Recipe) -> None:
    make(0.10)
    time.sleep(0.01)
    for seed, right in enumerate((0.74, 0.76, 0.78)):
        make(right, seed=seed)
    found = summary(shelf().outcomes(recipe, "3x3-sgd"), "test_accuracy")
    assert found is not None
    assert (found.mean, found.deviation, found.seeds) == (pytest.approx(0.76), pytest.approx(0.02), 3)


def test_a_run_without_an_end_has_no_figures(make: Make, recipe: Recipe) -> None:
    make(0.0, state="failed")
    assert shelf().outcomes(recipe, "3x3-sgd") == []


def test_what_is_kept_stands_for_the_run_and_has_no_single_steps(make: Make, recipe: Recipe) -> None:
    failed = make(0.0, state="failed")
    reproduction.keep(failed)
    assert [run.id for run in kept()] == [failed.id]
    run = make(0.75)
    folder = reproduction.keep(run)
    assert [one.id for one in kept()] == [run.id]
    assert b'"step"' in (run.folder / "metrics.jsonl").read_bytes()
    assert b'"kind":"step"' not in (folder / "metrics.jsonl").read_bytes()
    before = shelf().outcomes(recipe, "3x3-sgd")
    assert len(before) == 1
    after = RunsByConfiguration(kept()).outcomes(recipe, "3x3-sgd")
    assert (after[0].figures, after[0].per_class) == (before[0].figures, before[0].per_class)


def test_only_what_has_not_finished_is_missing(make: Make, recipe: Recipe) -> None:
    make(0.75)
    make(0.0, variant="5x5", state="failed")
    tasks = reproduction.tasks([recipe], seeds=2)
    todo = [(task.variant, task.config.seed) for task in reproduction.missing(tasks, shelf())]
    assert ("3x3-sgd", 0) not in todo
    assert todo[0] == ("5x5", 0)
    assert len(todo) == 7


def _said(recipe: Recipe, make: Make, right: tuple[float, ...], **reported: object) -> tuple[str, str]:
    outcomes = [found for seed, one in enumerate(right) if (found := outcome(make(one, seed=seed)))]
    found = verdict(recipe, Reported(**reported), outcomes)  # type: ignore[arg-type]
    return found.state, found.words


def test_a_difference_is_held_against_all_that_is_uncertain(make: Make, recipe: Recipe) -> None:
    # One seed: 2·√(0.00433² + 0.00430² + 2·0.005²) = 1.87 points.
    assert _said(recipe, make, (0.765,), test_accuracy=0.750) == (
        "reproduced",
        "Reproduced: +1.5 points, within noise (2 s.e. 1.9, seeds assumed).",
    )
    state, words = _said(recipe, make, (0.725,), test_accuracy=0.750)
    assert state == "differs"
    assert words == "Differs: −2.5 points, beyond noise (2 s.e. 1.9, seeds assumed)."
    # Three seeds that lie apart bear more: their own deviation counts.
    state, words = _said(recipe, make, (0.70, 0.725, 0.75), test_accuracy=0.750)
    assert state == "reproduced"
    assert "assumed" not in words


def test_few_errors_leave_little_room_for_seeds() -> None:
    assert assumed_deviation(0.5) == assumed_deviation(0.8) == 0.005
    assert assumed_deviation(0.98) == pytest.approx(0.001)


def test_what_can_not_be_compared_is_said(make: Make, recipe: Recipe) -> None:
    found = [one for one in [outcome(make(0.7))] if one]
    assert verdict(recipe, Reported(test_accuracy=0.7), []).state == "not run"
    assert "size short" in verdict(recipe, Reported(test_accuracy=0.7), found, size="short").words
    assert verdict(recipe, Reported(), found).state == "not comparable"
    assert verdict(recipe, Reported(target_test_accuracy=0.8), found).words.startswith(
        "Not reached: test accuracy 70.0%"
    )
    assert verdict(recipe, Reported(target_test_accuracy=0.7), found).state == "reproduced"
    assert verdict(recipe, Reported(validation_accuracy_range=(0.58, 0.6)), found).state == "reproduced"
    assert verdict(recipe, Reported(validation_accuracy_range=(0.68, 0.7)), found).state == "differs"


def test_the_account_has_each_figure_with_its_error_and_says_why_there_is_none(
    make: Make, recipe: Recipe
) -> None:
    make(0.755)
    make(0.0, variant="adam", state="failed")
    text = results_table.account(shelf(), {})
    assert "| 3x3-sgd | 75.5 % | 75.5 % (± 0.4) | 1 | full | 1 min | Reproduced: +0.0 points" in text
    assert "| adam | 74.5 % | – | 0 | – | – | Not run: why. |" in text
    assert "train accuracy 94.0 % / 90.0 %" in text
    for name in library.every():
        assert f"### {name}: " in text


def test_an_outcome_is_read_anew_when_it_changes(make: Make) -> None:
    run = make(0.5)
    assert isinstance(outcome(run), Outcome)
    journal = Journal(run.folder)
    journal.add("resumed", {"step": 0, "epoch": 0})
    journal.close()
    assert outcome(run) is None


def test_what_is_reported_of_validation_is_beside_what_validation_gave(make: Make) -> None:
    found = [one for one in [outcome(make(0.7))] if one]
    assert results_table.side_by_side(Reported(validation_accuracy_range=(0.61, 0.66)), found) == (
        "61 to 66 % (validation)",
        "60.0 % (± 0.7)",
    )
    assert results_table.side_by_side(Reported(target_test_accuracy=0.8), found) == (
        "aims at 80 %",
        "70.0 % (± 0.5)",
    )
