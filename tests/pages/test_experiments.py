"""The logic of the Experiments and Data pages, without a browser."""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from cnnviz.cli.app import app as app_of_commands
from cnnviz.recipes import library, results_table
from cnnviz.recipes.assessment import assess
from cnnviz.recipes.recipe import Recipe
from cnnviz.recipes.results import recipe_runs
from cnnviz.runs import status
from cnnviz.studies import executor, progress
from cnnviz.ui.experiments import results
from cnnviz.ui.experiments.variant_form import VariantSelection
from cnnviz.ui.resources import recipe_results
from cnnviz.workspace import ROOT
from tests.conftest import Bench
from tests.pages.test_pages import open_page, words
from tests.recipes.made import run_folder

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _records(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CNNVIZ_RECORDS", str(tmp_path / "records"))
    recipe_results.recipe_runs.clear()


def button(app: AppTest, label: str) -> object:
    return next(one for one in app.button if re.match(label, one.label))


def test_all_questions_are_listed_and_one_opens(bench: Bench) -> None:
    app = open_page("experiments")
    assert not app.exception
    assert not app.error
    labels = [one.label for one in app.button]
    for recipe in library.every().values():
        assert f"{recipe.id} · {recipe.question}" in labels
    next(one for one in app.button if one.label.startswith("002-3.1")).click().run()
    assert app.query_params["recipe"] == "002-3.1"
    assert "Which augmentation helps" in words(app)
    assert not app.exception


@pytest.mark.parametrize("name", list(library.every()))
def test_every_experiment_opens(bench: Bench, name: str) -> None:
    app = open_page("experiments", recipe=name)
    assert not app.exception
    recipe = library.find(name)
    assert recipe.question in words(app)
    assert recipe.source in words(app)
    if recipe.parameters:
        assert f"{recipe.parameters:,} parameters**, as the report says" in words(app)


def test_an_unknown_experiment_gets_the_nearest(bench: Bench) -> None:
    app = open_page("experiments", recipe="002-31")
    assert "002-3.1" in app.error[0].value


def test_page_command_and_document_say_the_same(bench: Bench) -> None:
    recipe = library.find("001-3-model1")
    for variant, right in (("5x5", 0.748), ("adam", 0.80)):
        run_folder(right, recipe=recipe, variant=variant)
    for seed in range(3):
        run_folder(0.70 + 0.001 * seed, recipe=recipe, seed=seed)
    document = results_table.markdown(recipe_runs(), {})
    shell = CliRunner().invoke(app_of_commands, ["recipes", recipe.id])
    printed = json.loads(CliRunner().invoke(app_of_commands, ["recipes", recipe.id, "--json"]).stdout)
    said = [one.verdict for one in assess(recipe, recipe_runs())]
    assert [one["verdict"] for one in printed["variants"]] == [vars(one) for one in said]
    assert [one.state for one in said] == ["differs", "reproduced", "differs", "not run"]
    table = open_page("experiments", recipe=recipe.id, run_size="full").table[0].value
    for name, one in zip(library.variants(recipe), said, strict=True):
        assert table.loc[name, "Verdict"] == one.words
        assert one.words in shell.stdout
        assert one.words in document
    assert any(
        f"{results_table.totals(assess(recipe, recipe_runs()))}" == one.value
        for one in open_page("experiments").caption
    )


def test_a_missing_data_set_is_offered_and_nothing_starts(bench: Bench) -> None:
    app = open_page("experiments", recipe="003-2", size="full")
    assert "Ants and bees is not on this machine" in words(app)
    assert button(app, "Run 2").disabled  # type: ignore[attr-defined]
    assert any(one.label == "Download Ants and bees, 47 MB" for one in app.button)


def size_of_runs(app: AppTest) -> object:
    return next(one for one in app.button_group if one.label == "Size").value


@pytest.mark.usefixtures("finished", "drawn_shapes")
def test_the_size_of_runs_is_another_than_that_of_pictures() -> None:
    app = open_page("experiments", recipe="003-1e", run_size="smoke")
    assert size_of_runs(app) in ("smoke", ["smoke"])
    app.switch_page("pages/activations.py").run()
    assert not any("smoke" in one.value for one in app.warning)
    app.switch_page("pages/experiments.py").run()
    assert size_of_runs(app) in ("smoke", ["smoke"])


@pytest.mark.usefixtures("drawn_shapes")
def test_run_starts_what_is_chosen_and_only_what_is_missing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = library.find("003-1e")
    run_folder(0.7, recipe=recipe, variant="bn-2", size="smoke")
    started: list[tuple[str, int]] = []
    monkeypatch.setattr(
        executor.ThisMachine, "submit", lambda _, config: started.append((config.title, config.seed))
    )
    app = open_page("experiments", recipe="003-1e", run_size="smoke")
    assert not app.error
    # At this size 2 and 7 epochs are one; of the four, three seeds of two are left, less the one that is there.
    assert any(one.value.startswith("5 runs (3 seeds), about ") for one in app.caption)
    before = app.get("page_link")
    button(app, "Run 5").click().run()  # type: ignore[attr-defined]
    plain, normalised = "003-1e plain-2 (smoke)", "003-1e bn-2 (smoke)"
    assert list(dict.fromkeys(started)) == [
        (plain, 0),
        (plain, 1),
        (normalised, 1),
        (plain, 2),
        (normalised, 2),
    ]
    assert started.count((plain, 0)) > 1  # nothing was begun: whoever looks at it asks again
    assert "study=003-1e.smoke" in [one.proto.query_string for one in app.get("page_link")]
    assert not any("study=" in one.proto.query_string for one in before)
    now = progress.look("003-1e.smoke")
    assert (now.state, now.study.title) == ("running", "003-1e Batch norm, 2 and 7 epochs (smoke)")
    shown = open_page("studies", study="003-1e.smoke")
    assert now.study.title in words(shown)
    assert "Experiment 003-1e" in [one.proto.label for one in shown.get("page_link")]


@pytest.mark.usefixtures("drawn_shapes")
def test_a_run_that_ends_while_the_page_is_drawn_is_over_on_all_of_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The controls still saw it at work, the results below them no more."""
    run = run_folder(0.7, recipe=library.find("003-1e"), variant="bn-2", size="smoke", state="queued")
    show = results.show

    def ends(recipe: Recipe, choice: VariantSelection) -> None:
        status.write(run.folder, run.status().model_copy(update={"state": "finished"}))
        show(recipe, choice)

    assert "Stop all" in [
        one.label for one in open_page("experiments", recipe="003-1e", run_size="smoke").button
    ]
    monkeypatch.setattr(results, "show", ends)
    app = open_page("experiments", recipe="003-1e", run_size="smoke")
    assert not app.exception
    assert "Stop all" not in [one.label for one in app.button]


def test_the_lesson_works_out_a_wrong_cell(bench: Bench) -> None:
    app = open_page("experiments", recipe="001-1")
    assert "= −2" in words(app)
    assert "The report has 0 here" in words(app)
    app.select_slider[0].set_value("row 2, column 2").run()
    assert "= −4" in words(app)
    assert not app.warning


def test_the_data_page_shows_a_data_set_and_draws(bench: Bench, tiny_data: str) -> None:
    app = open_page("data", data="tiny")
    assert not app.exception
    assert not app.error
    assert "200 training and 60 test images, 8×8, colour, 4 classes" in words(app)
    before = app.session_state["augmentation seed"]
    button(app, "Draw again").click().run()  # type: ignore[attr-defined]
    assert app.session_state["augmentation seed"] == before + 1
    assert not app.exception


@pytest.fixture
def shipped(bench: Bench) -> Bench:
    """A bench that holds the shipped ResNet-18."""
    shutil.copytree(ROOT / "checkpoints" / "cifar10-resnet18", bench.checkpoints / "cifar10-resnet18")
    return bench


@pytest.mark.parametrize("name", [recipe.id for recipe in library.every().values() if recipe.view])
def test_every_view_opens_on_what_it_names_and_says_what_to_look_for(shipped: Bench, name: str) -> None:
    recipe = library.find(name)
    links = [
        (one.proto.page, dict(parse_qsl(one.proto.query_string)))
        for one in open_page("experiments", recipe=name).get("page_link")
        if "hint=" in one.proto.query_string
    ]
    assert len(links) == len(recipe.view)
    for (page, address), view in zip(links, recipe.view, strict=True):
        assert page == view.page
        app = open_page(page, **address)
        assert not app.exception
        assert not app.error
        # Without CIFAR-10 there is no cat: that alone may be said.
        assert all("image" in one.value for one in app.warning)
        assert (
            (view.image or "").startswith("test.")
            or (view.image_b or "").startswith("test.")
            or not app.warning
        )
        assert f"**{view.title}.** {view.look}" in words(app)
        if view.layer:
            assert app.selectbox(key="selected layer").value == view.layer
        if view.channel is not None:
            assert f"{view.layer}, channel {view.channel}" in words(app)
        next(one for one in app.button if one.label == "Close" and one.key is None).click().run()
        assert view.look not in words(app)


def test_a_view_that_does_not_exist_is_passed_over(shipped: Bench) -> None:
    for name in ("000-2.4.99", "nothing.0", "x"):
        app = open_page("activations", view=name)
        assert not app.exception
        assert not app.error
