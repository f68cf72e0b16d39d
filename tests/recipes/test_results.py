import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from cnnviz.recipes import library, results_table
from cnnviz.recipes.assessment import assess
from cnnviz.recipes.recipe import Recipe, Reported
from cnnviz.recipes.results import RecipeRuns, recipe_runs
from cnnviz.runs import records
from cnnviz.runs.metrics import Journal
from cnnviz.runs.outcome import Outcome, outcome, summary
from cnnviz.runs.run import Run
from tests.recipes.made import run_folder

Make = Callable[..., Run]


@pytest.fixture
def recipe() -> Recipe:
    return library.find("001-3-model1")


@pytest.fixture
def make(bench: object, recipe: Recipe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Make:
    """Makes the folder of a finished run of a variant, with a given test accuracy."""
    monkeypatch.setenv("CNNVIZ_RECORDS", str(tmp_path / "docs" / "reproduction"))
    return partial(run_folder, recipe=recipe)


def test_a_run_is_found_by_what_was_run_wherever_it_was_started(make: Make, recipe: Recipe) -> None:
    first = make(0.75)
    make(0.70, variant="5x5")
    make(0.40, size="short")
    found = recipe_runs().outcomes(recipe, "3x3-sgd")
    assert [one.run.id for one in found] == [first.id]
    assert [
        one.figures["test_accuracy"] for one in recipe_runs().outcomes(recipe, "3x3-sgd", size="short")
    ] == [0.40]
    assert recipe_runs().outcomes(recipe, "adam") == []


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
    found = summary(recipe_runs().outcomes(recipe, "3x3-sgd"), "test_accuracy")
    assert found is not None
    assert (found.mean, found.deviation, found.seeds) == (pytest.approx(0.76), pytest.approx(0.02), 3)


def test_a_run_without_an_end_has_no_figures(make: Make, recipe: Recipe) -> None:
    make(0.0, state="failed")
    assert recipe_runs().outcomes(recipe, "3x3-sgd") == []


def test_what_is_kept_stands_for_the_run_and_has_no_single_steps(make: Make, recipe: Recipe) -> None:
    failed = make(0.0, state="failed")
    records.archive(failed)
    assert [run.id for run in records.every()] == [failed.id]
    run = make(0.75)
    folder = records.archive(run)
    assert [one.id for one in records.every()] == [run.id]
    assert b'"step"' in (run.folder / "metrics.jsonl").read_bytes()
    assert b'"kind":"step"' not in (folder / "metrics.jsonl").read_bytes()
    before = recipe_runs().outcomes(recipe, "3x3-sgd")
    assert len(before) == 1
    after = RecipeRuns(records.every()).outcomes(recipe, "3x3-sgd")
    assert (after[0].figures, after[0].per_class) == (before[0].figures, before[0].per_class)


def test_the_page_has_each_figure_with_its_error_and_says_why_there_is_none(
    make: Make, recipe: Recipe
) -> None:
    make(0.755)
    make(0.0, variant="adam", state="failed")
    text = results_table.markdown(recipe_runs(), {})
    assert "| 3x3-sgd | 75.5 % | 75.5 % (± 0.4) | 1 | full | 1 min | One seed: undecided, +0.0 points" in text
    assert "| adam | 74.5 % | – | 0 | – | – | Not run: why. |" in text
    assert "train accuracy 94.0 % / 90.0 %" in text
    for name in library.every():
        assert f"### {name}: " in text
    assert "1 undecided, 99 not run" in text
    assert "- **Full size**: 1 of 100; 1 with one seed.\n- **Undecided**: 1: 001-3-model1 3x3-sgd." in text
    assert "× needs ImageNet weights; 1 × why." in text
    make(0.90, seed=1, seconds=20.0)
    make(0.90, seed=2)
    text = results_table.markdown(recipe_runs(), {})
    assert "- **Full size**: 1 of 100; 1 with 3 seeds.\n" in text
    assert "| 3 | full | 20 s | 3 seeds: " in text  # the fastest run: others may have shared the machine


def test_a_run_counts_once_however_often_its_folder_is_there(make: Make, recipe: Recipe) -> None:
    run = make(0.755)
    records.archive(run)
    shutil.copytree(run.folder, run.folder.with_name("the-same-brought-back"))
    found = recipe_runs()
    assert len(found.every()) == 1
    assert len(found.runs(recipe, "3x3-sgd")) == 1
    make(0.76)  # made anew with the same seed: another run
    assert len(recipe_runs().every()) == 2


def test_one_configuration_in_two_experiments_is_one_run(make: Make) -> None:
    run = make(0.6348, variant="fixed", recipe=library.find("003-1d"))
    found = recipe_runs()
    (first,) = (one for one in assess(library.find("003-1c"), found) if one.outcomes)
    (again,) = (one for one in assess(library.find("003-1d"), found) if one.outcomes)
    assert [one.outcomes[0].run.id for one in (first, again)] == [run.id] * 2
    assert (first.same_run, first.counts) == ("", True)
    assert (again.same_run, again.counts) == ("003-1c plain", False)
    assert again.verdict.words.endswith("The run is that of 003-1c plain.")
    every = [one for recipe in library.every().values() for one in assess(recipe, found)]
    # The grid of depths and the comparison of activations have it, too, without a figure of the report.
    assert [one.same_run for one in every if one.outcomes] == ["003-1c plain"] * 2 + ["", "003-1c plain"]
    assert results_table.totals(every) == "1 undecided, 96 not run, 3 with the run of another"


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
