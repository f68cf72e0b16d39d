"""An entry in a registry is all that its part of "How to add" in docs/architecture.md asks for: page and command line
pick it up. Each entry is added here from outside."""

import json

import numpy as np
import pytest
from torch import Tensor
from typer.testing import CliRunner, Result

from cnnviz.cli.app import app as commands
from cnnviz.config import RunConfig
from cnnviz.diagnosis import embedding
from cnnviz.diagnosis.embedding import EmbeddingMethod
from cnnviz.doctor import rules
from cnnviz.doctor.facts import Facts
from cnnviz.doctor.finding import Finding, Rule
from cnnviz.explore import predictions
from cnnviz.explore.attribution import baselines, methods
from cnnviz.explore.attribution.baselines import Baseline
from cnnviz.explore.attribution.methods import AttributionMethod
from cnnviz.explore.attribution.options import Options
from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.explore.predictions import ImageOrder
from cnnviz.explore.statistics import measures
from cnnviz.explore.statistics.measures import Measure
from cnnviz.progress import Progress, Work
from cnnviz.runs.run import Run
from cnnviz.ui.mistakes import view
from cnnviz.ui.mistakes.evaluation import Evaluation
from cnnviz.ui.mistakes.view import MistakesView
from cnnviz.ui.resources import attributions
from tests.conftest import Bench
from tests.pages.conftest import finished, trained
from tests.pages.test_diagnosis import asked
from tests.pages.test_filters import shipped
from tests.pages.test_pages import component, open_page, words
from tests.pages.test_statistics import made, measured

pytestmark = pytest.mark.slow

__all__ = ["finished", "trained"]


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(commands, arguments)


class Ink(Options):
    power: int = 1
    """Of the values."""


def ink(request: AttributionRequest, options: Ink) -> Work[Tensor]:
    yield Progress(0.5)
    return request.image.abs().pow(options.power).expand(len(request.targets), -1, -1, -1)


def test_a_method_of_attribution(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """explore/attribution/methods.py (and options.py)."""
    entry = AttributionMethod(
        title="Ink", paper="nobody 2026", shows="Where there is ink.", misleads="It asks no network.", run=ink,
        options=Ink,
    )  # fmt: skip
    monkeypatch.setitem(methods.METHODS, "ink", entry)  # type: ignore[arg-type]
    attributions._shelf.clear()
    run = shipped(bench, "mnist-mlp")
    app = open_page("attribution", run=run, methods="ink", classes="first")
    assert not app.exception
    assert "Ink" in app.multiselect(key="selected methods").options
    assert component(app, "attribution ink 3")
    assert "Where there is ink." in words(app) + "\n".join(one.help or "" for one in app.markdown)
    assert "Where there is ink." in ask("attribute", run).stdout
    (one,) = json.loads(ask("attribute", run, "--method", "ink", "--set", "power=2", "--json").stdout)[
        "attributions"
    ]
    assert (one["method"], one["options"]) == ("ink", {"power": 2})
    assert one["minimum"] >= 0


def test_a_baseline(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """explore/attribution/baselines.py."""
    entry = Baseline(
        "White", "white pixels", lambda image, mean, std, seed: ((1 - mean) / std).expand_as(image).clone()
    )
    monkeypatch.setitem(baselines.BASELINES, "white", entry)  # type: ignore[arg-type]
    attributions._shelf.clear()
    run = shipped(bench, "mnist-mlp")
    app = open_page("attribution", run=run, methods="integrated_gradients", classes="first", baseline="white")
    assert not app.exception
    assert not app.warning
    assert (app.selectbox(key="selected baseline").value, app.query_params["baseline"]) == ("white", "white")
    assert "White" in app.selectbox(key="selected baseline").options
    command = ("attribute", run, "--method", "integrated_gradients", "--json", "--baseline")
    sums = {
        name: json.loads(ask(*command, name).stdout)["attributions"][0]["sum"] for name in ("white", "black")
    }
    assert sums["white"] != sums["black"]


def test_a_measure_of_layers(
    bench: Bench, tiny_data: str, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """explore/statistics/measures.py, of a figure that layers have."""
    entry = Measure(
        title="Channels that live", meaning="The more, the better.", value=lambda one: 1 - one.dead,
        error=lambda one: None, beside=lambda one: None, beside_title="",
    )  # fmt: skip
    monkeypatch.setitem(measures.MEASURES, "alive", entry)  # type: ignore[arg-type]
    app = measured(open_page("statistics", run=made(tiny_config).id))
    assert not app.exception
    assert "The more, the better." in words(app)
    assert "Channels that live" in app.dataframe[0].value.columns
    assert len(app.get("vega_lite_chart")) == len(measures.MEASURES)


def test_a_part_of_mistakes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """ui/mistakes/view.py, and a function of an Evaluation."""
    import streamlit as st

    def show(evaluation: Evaluation) -> None:
        st.markdown(f"{len(evaluation.found):,} images, and a part of my own")

    monkeypatch.setitem(view.VIEWS, "own", MistakesView("My own", show))  # type: ignore[arg-type]
    app = open_page("diagnosis", run=shipped(bench, "mnist-mlp"), view="own")
    assert not app.exception
    assert not app.warning
    assert "10,000 images, and a part of my own" in words(app)
    assert any("My own" in one.options for one in app.button_group if one.label == "Show")


def test_a_way_to_map_images(finished: Run, tiny_data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """diagnose/embedding.py."""
    entry = EmbeddingMethod(
        title="First two", shows="Two features.", misleads="Not the others.", paper="nobody 2026", options={},
        quick=True, lay=lambda features, *, seed, report: (features[:, :2], None), axes=("One", "Two"),
    )  # fmt: skip
    monkeypatch.setitem(embedding.METHODS, "two", entry)  # type: ignore[arg-type]
    asked(open_page("diagnosis", run=finished.id))
    app = open_page("diagnosis", run=finished.id, view="map", method="two")
    assert not app.exception
    assert not app.warning
    assert "First two" in words(app)
    said = json.loads(ask("embedding", finished.id, "--method", "two", "--images", "60", "--json").stdout)
    assert [one["x"] for one in said["points"]] == pytest.approx(component(app, "map")["xs"], abs=1e-3)


def test_an_order_of_test_images(finished: Run, tiny_data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """explore/predictions.py."""
    entry = ImageOrder("Last first", lambda found: -found.numbers.astype(np.float64))
    monkeypatch.setitem(predictions.ORDERS, "last", entry)  # type: ignore[arg-type]
    asked(open_page("diagnosis", run=finished.id))
    app = open_page("activations", run=finished.id, image="test.0")
    picker = app.selectbox(key="image order")
    assert "Last first" in picker.options
    app = picker.set_value("last").run()
    assert not app.exception
    labels = [one["label"] if isinstance(one, dict) else str(one) for one in _thumbnails(app)]
    assert "test image 59" in labels[0]


def _thumbnails(app: object) -> list[object]:
    for one in app.get("bidi_component"):  # type: ignore[attr-defined]
        given = json.loads(one.proto.json)
        if "labels" in given:
            return list(given["labels"])
    raise AssertionError("no thumbnails")


def wide(facts: Facts) -> Finding | None:
    """More than ten images in a batch."""
    if facts.config.batch_size <= 10:
        return None
    return Finding("A wide batch", f"It holds {facts.config.batch_size} images.", "mild", {}, (), ())


def test_a_rule_of_the_doctor(finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """doctor/rules.py, and a function of facts."""
    rule = Rule("wide", "A batch that is wide", wide, lambda facts: None)
    quiet = Rule("quiet", "Silence", lambda facts: None, lambda facts: None)
    monkeypatch.setattr(rules, "RULES", (*rules.RULES, rule, quiet))
    app = open_page("doctor", run=finished.id)
    assert not app.exception
    assert "## A wide batch" in words(app)
    assert "It holds 32 images." in words(app)
    assert "Silence: nothing found" in words(app)
    assert f"of {len(rules.RULES)} checks" in words(app)
    said = json.loads(ask("doctor", finished.id, "--curves-only", "--json").stdout)
    assert "wide" in [one["rule"] for one in said["findings"]]
    assert "quiet" in said["nothing_found"]
