"""The logic of the Studies page, without a browser."""

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz import workspace
from cnnviz.config import RunConfig
from cnnviz.runs.run import every
from cnnviz.studies import folder, progress
from cnnviz.studies.definition import Grid, Study
from cnnviz.studies.results import rows
from cnnviz.ui.resources import run_estimates
from cnnviz.ui.studies import charts
from cnnviz.ui.widgets import run_template
from tests.pages.test_pages import open_page, words

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _form(small: RunConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_template, "_FIRST", small.model_copy(update={"epochs": 1}))
    monkeypatch.setattr(run_estimates, "speed", lambda *_: type("Speed", (), {"images_per_second": 90.0}))


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if re.fullmatch(label, one.label))


def plan(app: AppTest, number: int, setting: str, text: str) -> None:
    app.selectbox(key=f"study setting {number}").set_value(setting).run()
    app.text_input(key=f"study values {number} {setting}").set_value(text).run()


def test_from_the_plan_to_the_heat_map(bench: Any, quick: None, watch: Any) -> None:
    app = open_page("studies")
    plan(app, 0, "network.dropout", "0, 0.5")
    plan(app, 1, "optimiser.learning_rate", "0.001, 0.02")
    app.number_input(key="study seeds").set_value(2).run()
    assert "**8** runs: 4 variants × 2 seeds · about **16 s** on this machine" in words(app)
    button(app, "Start").click().run()
    assert not app.exception
    name = app.query_params["study"]
    assert name == "dropout-learning-rate"
    watch.all(lambda: not progress.advance(name).active)
    app = open_page("studies", study=name)
    assert not app.exception
    assert not app.error
    assert "All 8 runs have finished" in words(app)
    table = app.dataframe[0].value
    assert list(table["Seeds"]) == ["2 of 2"] * 4
    assert all(re.fullmatch(r"[\d.]+ % ± [\d.]+", one) for one in table["Validation"])
    links = [one.proto for one in app.get("page_link")]
    assert {f"run={run.id}" for run in every()} >= {
        one.query_string for one in links if "run=" in one.query_string
    }
    button(app, "Delete the study").click().run()
    assert folder.every() == []
    assert len(every()) == 8
    assert "No study yet" in words(app)


def test_what_cannot_be_run_is_said_and_not_started(bench: Any) -> None:
    app = open_page("studies")
    plan(app, 0, "network.dropout", "0, 2")
    assert "network.dropout=2: " in app.error[0].value
    assert "Start" not in [one.label for one in app.button]
    plan(app, 0, "network.dropout", "")
    assert app.error
    plan(app, 0, "epochs", ", ".join(map(str, range(1, 601))))
    app.number_input(key="study seeds").set_value(1).run()
    assert button(app, "Start").disabled
    assert app.checkbox(key="study confirmed").label == "Yes, 600 runs"


def test_a_damaged_study_is_said_beside_the_others(bench: Any, small: RunConfig) -> None:
    folder.create(Study(title="whole", base=small, vary=Grid(settings={"epochs": (1, 2)})))
    (workspace.studies_root() / "torn").mkdir()
    (workspace.studies_root() / "torn" / "study.json").write_text('{"title": "to')
    app = open_page("studies")
    assert not app.exception
    assert "cut short" in app.warning[0].value
    assert "whole" in [one.label for one in app.button]
    app = open_page("studies", study="torn")
    assert not app.exception
    assert "cut short" in app.error[0].value


def test_one_setting_is_drawn_as_points_on_its_own_axis(bench: Any, small: RunConfig) -> None:
    grid = Grid(settings={"optimiser.learning_rate": (0.0001, 0.01, 1)})
    found = rows(progress.look(folder.create(Study(title="rate", base=small, vary=grid))))
    assert charts._axis("rate", [0.0001, 0.01, 1]).to_dict()["scale"]["type"] == "log"
    assert charts._axis("rate", []).to_dict()["type"] == "nominal"
    assert [charts._position(row, "optimiser.learning_rate") for row in found] == [0.0001, 0.01, 1]
