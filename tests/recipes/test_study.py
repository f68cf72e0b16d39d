"""A recipe as a study: the same runs, and those that are there are found."""

import json
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnviz.cli.app import app
from cnnviz.config import Adam, EarlyStopping, HorizontalFlip, Mlp, RunConfig, Sgd, with_settings
from cnnviz.config.comparison import changes
from cnnviz.recipes import library, plan
from cnnviz.recipes import study as recipe_study
from cnnviz.recipes.recipe import SIZES, Size
from cnnviz.recipes.results import recipe_runs
from cnnviz.runs import control, records
from cnnviz.studies import folder, progress
from cnnviz.studies.definition import Study, tasks
from tests.recipes.made import run_folder

TRAINED = [recipe.id for recipe in library.every().values() if recipe.kind == "train"]
RECIPE = library.find("001-3-model1")
make = partial(run_folder, recipe=RECIPE)


@pytest.fixture(autouse=True)
def _records(bench: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CNNVIZ_RECORDS", str(tmp_path / "docs" / "reproduction"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", TRAINED)
def test_its_runs_are_those_of_the_recipe_whatever_varies(name: str, size: Size) -> None:
    recipe = library.find(name)
    for pretrained in (None, "mine"):
        found = recipe_study.study(recipe, size=size, seeds=2, pretrained=pretrained)
        again = tasks(Study.model_validate_json(found.model_dump_json()))
        made = {one.config for one in again}
        wanted = [
            plan.configuration(recipe, variant, size=size, seed=seed, pretrained=pretrained)
            for seed in range(2)
            for variant in library.variants(recipe)
        ]
        assert made <= set(wanted)
        # Of those that are alike at this size, the first is run.
        unnamed = {one.model_copy(update={"title": ""}) for one in made}
        assert unnamed == {one.model_copy(update={"title": ""}) for one in wanted}
        assert len(again) == len(unnamed)
        assert {one.variant.name for one in again} <= set(library.variants(recipe))


def test_what_starts_afresh_is_said_whole() -> None:
    base = RunConfig(optimiser=Sgd(learning_rate=0.05), early_stopping=EarlyStopping(patience=3), seed=4)
    for target in (
        RunConfig(optimiser=Adam(learning_rate=0.05), seed=4),  # Adam's own rate is another
        RunConfig(optimiser=Sgd(learning_rate=0.1), early_stopping=EarlyStopping(patience=5), seed=4),
        RunConfig(network=Mlp(hidden=(3,)), augmentation=(HorizontalFlip(),), seed=4),
    ):
        for one, other in ((base, target), (target, base)):
            settings = {key: json.dumps(value) for key, value in changes(one, other).items()}
            assert with_settings(one, settings) == other
    assert changes(base, base.model_copy(update={"title": "x", "seed": 5})) == {}


def test_some_variants_are_those_and_no_more() -> None:
    found = recipe_study.study(RECIPE, variants=["adam", "5x5"], seeds=2)
    assert [(one.config.title, one.config.seed) for one in tasks(found)] == [
        ("001-3-model1 adam", 0),
        ("001-3-model1 5x5", 0),
        ("001-3-model1 adam", 1),
        ("001-3-model1 5x5", 1),
    ]
    assert found.title == "001-3-model1 3×3 kernels, batch norm and light dropout"
    assert len(recipe_study.study(library.find("000-2.2"), size="short").title) <= 60


def test_what_has_finished_or_is_archived_is_not_run_again() -> None:
    make(0.75)
    make(0.0, variant="5x5", state="failed")
    kept = make(0.74, variant="adam")
    records.archive(kept)
    control.delete(kept.id)
    name = recipe_study.study_id(RECIPE, size="full", pretrained=None)
    folder.put(name, recipe_study.study(RECIPE, seeds=2))
    now = progress.look(name)
    there = [(one.task.config.title, one.task.config.seed) for one in now.trials if one.finished]
    assert there == [("001-3-model1 3x3-sgd", 0), ("001-3-model1 adam", 0)]
    assert [one.run and one.run.folder for one in progress.trials_of(now.study, recipe_runs())] == [
        one.run and one.run.folder for one in now.trials
    ]
    # A study of one's own counts what is on this machine alone.
    own = now.study.model_copy(update={"recipe": ""})
    assert len(progress.unfinished(own)) == len(progress.unfinished(now.study)) + 1


def test_what_is_asked_last_takes_the_place_of_what_was() -> None:
    name = recipe_study.study_id(RECIPE, size="short", pretrained=None)
    own = folder.create(Study.model_validate({**recipe_study.study(RECIPE).model_dump(), "title": name}))
    folder.put(name, recipe_study.study(RECIPE, size="short"))
    folder.set_active(name, True)
    folder.put(name, recipe_study.study(RECIPE, size="short", variants=["adam"], seeds=3))
    assert folder.read(name).count == 3
    assert folder.state(name).active
    assert sorted(one.id for one in folder.every()) == sorted([name, own])
    assert folder.read(own).count == 4


def test_three_seeds_are_the_default_where_a_run_takes_under_five_minutes() -> None:
    assert [recipe_study.default_seeds(one) for one in (None, 60.0, 299.0, 300.0)] == [1, 3, 3, 1]
    make(0.75)
    make(0.74, seed=1, seconds=900.0)  # that one shared the machine
    make(0.75, variant="5x5", seconds=400.0)
    command = ["reproduce", RECIPE.id, "--no-run", "--json"]
    for seeds, planned in (((), 3 + 3 * 1), (("--seeds", "2"), 8)):
        done = CliRunner().invoke(app, [*command, *seeds])
        assert json.loads(done.stdout)["planned"] == planned
        assert f"{planned} runs, of which {planned - 3} are to be made" in done.stderr
