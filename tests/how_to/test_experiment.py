"""An experiment is a `[[recipe]]` in a TOML file of recipes/: page and command line list it, run it and compare it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cnnviz.cli.app import app as commands
from cnnviz.recipes import assessment, library, plan
from cnnviz.ui.resources import recipe_results
from tests.conftest import Bench
from tests.pages.test_pages import open_page, words
from tests.recipes.made import run_folder

pytestmark = pytest.mark.slow

TOML = """
report = "005"
title = "A report of my own"

[settings]
data = { name = "digits" }
network = { name = "mlp", hidden = [8] }
epochs = 3

[[recipe]]
id = "005-1"
title = "A wider layer"
question = "Is wider better?"
theory = "One. Two. Three."
source = "nobody 2026"
assumed = ["everything"]

[[recipe.variant]]
id = "narrow"
reported = { test_accuracy = 0.8 }

[[recipe.variant]]
id = "wide"
settings = { network = { hidden = [32] } }

[[recipe.view]]
title = "Its filters"
look = "Strokes."
page = "filters"
"""


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of recipes with one file more."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    for path in library._FOLDER.glob("*.toml"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "005.toml").write_text(TOML)
    monkeypatch.setattr(library, "_FOLDER", folder)
    monkeypatch.setenv("CNNVIZ_RECORDS", str(tmp_path / "records"))
    caches = (library.reports, assessment._by_configuration, recipe_results.recipe_runs)
    for cache in caches:
        getattr(cache, "cache_clear", getattr(cache, "clear", None))()
    yield folder
    monkeypatch.undo()
    for cache in caches:
        getattr(cache, "cache_clear", getattr(cache, "clear", None))()


def test_an_experiment(bench: Bench, report: Path) -> None:
    """recipes/005.toml."""
    run_folder(0.81, recipe=library.find("005-1"), variant="narrow")
    assert "005-1 · Is wider better?" in [one.label for one in open_page("experiments").button]
    app = open_page("experiments", recipe="005-1", run_size="full")
    assert not app.exception
    assert not app.error
    assert "Is wider better?" in words(app)
    assert "One seed: reproduced, +1.0 points" in app.table[0].value.loc["narrow", "Verdict"]
    assert "Strokes." in words(app)
    listed = CliRunner().invoke(commands, ["recipes"]).stdout
    assert "005-1" in listed
    said = json.loads(CliRunner().invoke(commands, ["recipes", "005-1", "--json"]).stdout)
    assert said["variants"][1]["differs_in"] == {"network.hidden": [32]}


def test_it_has_every_size_also_with_what_it_leaves_out(report: Path) -> None:
    recipe = library.find("005-1")
    smoke = plan.configuration(recipe, "wide", size="smoke")
    assert (smoke.data.name, smoke.epochs, smoke.batch_size) == ("shapes", 1, 4)
    assert plan.configuration(recipe, "wide", size="short").epochs == 3
    (report / "005.toml").write_text(TOML.replace('data = { name = "digits" }', "").replace("epochs = 3", ""))
    library.reports.cache_clear()
    bare = library.find("005-1")
    assert plan.configuration(bare, "wide", size="smoke").data.name == "shapes"
    assert plan.configuration(bare, "wide", size="short") == plan.configuration(bare, "wide").model_copy(
        update={"title": "005-1 wide (short)"}
    )
