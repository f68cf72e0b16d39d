"""A perturbation is a function of a picture and an entry in data/perturbation.py: it gets a slider and a curve."""

import importlib
import json
from collections.abc import Iterator

import numpy as np
import pytest
from typer.testing import CliRunner

from cnnviz.cli.app import app as commands
from cnnviz.data import perturbation
from cnnviz.data.perturbation import Perturbation, PerturbationSetting, Picture
from cnnviz.runs.run import Run
from cnnviz.ui.robustness import parameters, view
from tests.pages.conftest import finished, trained
from tests.pages.test_pages import component, open_page, words

pytestmark = pytest.mark.slow

__all__ = ["finished", "trained"]

DERIVED = (parameters, view)
"""What is made of the registry when a process starts."""


def inverted(pixels: Picture, share: float, *, seed: int | tuple[int, ...] = 0) -> Picture:
    return np.rint(pixels + share / 100 * (255.0 - 2.0 * pixels)).astype(np.uint8)


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Perturbation]:
    one = Perturbation(
        title="Negative",
        what="Swaps light and dark.",
        settings={"negative": PerturbationSetting("Negative", "%", 0, 100, 0, 5)},
        apply=inverted,
        strengths=(0.0, 50.0, 100.0),
    )
    monkeypatch.setitem(perturbation.PERTURBATIONS, "negative", one)  # type: ignore[arg-type]
    monkeypatch.setitem(perturbation.SETTINGS, "negative", one.settings["negative"])  # type: ignore[arg-type]
    for module in DERIVED:  # as a process that starts with it
        importlib.reload(module)
    yield one
    monkeypatch.undo()
    for module in DERIVED:
        importlib.reload(module)


def test_a_perturbation(finished: Run, tiny_data: str, entry: Perturbation) -> None:
    """data/perturbation.py."""
    app = open_page("robustness", run=finished.id, shake="negative:100", curve="negative", image="test.3")
    assert not app.exception
    assert not app.warning
    assert "negative 100" in words(app)
    sliders = component(app, "shake sliders")
    assert "negative" in [one["name"] for one in sliders["ranges"]]
    app = next(one for one in app.button if str(one.key).startswith("measure robustness")).click().run()
    assert not app.exception
    said = json.loads(
        CliRunner()
        .invoke(commands, ["robustness", finished.id, "--perturbation", "negative", "--json"])
        .stdout
    )
    (curve,) = said["curves"]
    assert curve["strengths"] == [0, 50, 100]
    assert curve["accuracy"][0] > curve["accuracy"][1]
