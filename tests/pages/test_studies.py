"""The logic of the Studies page, without a browser."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cnnviz import workspace
from cnnviz.charts.studies.drawn import Look
from cnnviz.charts.studies.findings import Findings
from cnnviz.charts.studies.kinds import CHARTS, fitting
from cnnviz.config import RunConfig
from cnnviz.config.settings import settings_of
from cnnviz.diagnosis.noise import CHOOSING
from cnnviz.runs import status
from cnnviz.runs.run import every
from cnnviz.studies import folder, progress
from cnnviz.studies.definition import Grid, Listing, Study, tasks
from cnnviz.studies.results import rows
from cnnviz.studies.search_space import Choices, Range, Search
from cnnviz.studies.variant import Variant
from cnnviz.train.events import ON_REQUEST
from cnnviz.ui.resources import run_estimates
from cnnviz.ui.studies import charts as study_charts
from cnnviz.ui.studies import plan_list
from cnnviz.ui.widgets import run_template
from tests.pages.test_pages import open_page, words
from tests.studies.made_runs import finish, finished

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
    app.number_input(key="study seeds Every combination").set_value(2).run()
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
    app.number_input(key="study seeds Every combination").set_value(1).run()
    assert button(app, "Start").disabled
    assert app.checkbox(key="study confirmed").label == "Yes, 600 runs"


def test_a_search_is_planned_in_the_words_of_the_form(bench: Any) -> None:
    app = open_page("studies")
    app.get("button_group")[0].set_value("search").run()
    assert not app.exception
    assert "**20** runs: 20 trials × 1 seed · about" in words(app)
    first = "study values 0 optimiser.learning_rate"
    app.number_input(key=f"{first} from").set_value(0.001).run()
    app.number_input(key=f"{first} to").set_value(0.1).run()
    app.selectbox(key="study setting 1").set_value("network.activation").run()
    app.multiselect(key="study values 1 network.activation of").set_value(["relu", "gelu"]).run()
    app.selectbox(key="study setting 2").set_value("batch_size").run()
    app.selectbox(key="study pruner").set_value("median").run()
    app.number_input(key="study trials").set_value(6).run()
    app.number_input(key="study seeds A search").set_value(2).run()
    assert "one seed" in app.error[0].value
    app.number_input(key="study seeds A search").set_value(1).run()
    app.number_input(key="study values 2 batch_size from").set_value(600).run()
    assert "from a number to a larger one" in app.error[0].value
    app.number_input(key="study values 2 batch_size from").set_value(16).run()
    assert not app.error
    button(app, "Start").click().run()
    vary = folder.read(app.query_params["study"]).vary
    progress.stop(app.query_params["study"])
    assert isinstance(vary, Search)
    assert vary.settings["optimiser.learning_rate"] == Range(low=0.001, high=0.1, scale="log")
    assert vary.settings["network.activation"] == Choices(choices=("relu", "gelu"))
    assert isinstance(vary.settings["batch_size"].low, int)
    assert (vary.trials, vary.sampler, vary.pruner) == (6, "tpe", "median")


def test_a_list_is_planned_line_by_line(bench: Any, small: RunConfig) -> None:
    app = open_page("studies")
    app.get("button_group")[0].set_value("list").run()
    assert not app.exception
    assert "**9** runs: 3 variants × 3 seeds" in words(app)
    app.multiselect(key="study settings of a list").set_value([]).run()
    assert app.error
    settings = {one.key: one for one in settings_of(small)}
    lines = [
        {"optimiser.name": "adam", "epochs": "2"},
        {"optimiser.name": None, "epochs": " 3 "},
        {"optimiser.name": float("nan"), "epochs": ""},
    ]
    assert plan_list.listing(lines, settings).settings == (
        {"optimiser.name": "adam", "epochs": 2},
        {"epochs": 3},
        {},
    )


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


def study(base: RunConfig, vary: Any, validation: Any, **more: Any) -> str:
    """The name of a study whose runs have finished with these validation accuracies."""
    made = Study(title="tried", base=base, vary=vary, **more)
    finish(made, validation)
    return folder.create(made)


def charts(app: AppTest) -> list[Any]:
    return [json.loads(one.proto.spec) for one in app.get("vega_lite_chart")]


def test_a_grid_has_four_charts_and_each_is_a_link(bench: Any, small: RunConfig) -> None:
    grid = Grid(settings={"optimiser.learning_rate": (0.0001, 0.01, 1), "network.dropout": (0, 0.5)})
    rates = {0.0001: 0.5, 0.01: 0.8, 1: 0.3}
    name = study(
        small,
        grid,
        lambda task: rates[task.variant.settings["optimiser.learning_rate"]] + 0.01 * task.config.seed,
        seeds=2,
    )
    app = open_page("studies", study=name)
    assert not app.exception
    options = next(one for one in app.get("button_group") if one.label == "Chart").options
    assert [str(one) for one in options] == ["Heat map", "By setting", "Parallel", "Importance"]
    table = app.dataframe[0].value
    assert list(table["Against the first"])[:3] == [
        "–",
        "no difference, within noise",
        "30.0 points better, more than noise",
    ]
    assert CHOOSING in words(app)
    links = [one.proto.query_string for one in app.get("page_link")]
    assert sum("runs=" in one for one in links) == 1

    app = open_page("studies", study=name, chart="setting")
    (chart,) = charts(app)
    assert chart["layer"][0]["encoding"]["x"]["scale"]["type"] == "log"
    assert len(chart["layer"]) == 3  # lines, intervals, points
    app = open_page("studies", study=name, chart="setting", setting="network.dropout")
    assert charts(app)[0]["layer"][0]["encoding"]["x"]["title"] == "Dropout"
    app = open_page("studies", study=name, chart="importance")
    assert "Learning rate: 100 %, more than noise. Dropout: 0 %, within noise." in words(app)
    app = open_page("studies", study=name, chart="parallel")
    assert not app.exception
    assert not app.warning
    (chart,) = charts(app)
    assert chart["layer"][3]["encoding"]["x"]["sort"] == ["Learning rate", "Dropout", "Validation accuracy"]


def test_a_pruned_trial_is_said_and_a_study_goes_to_mlflow(
    bench: Any, small: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file:{tmp_path / 'store'}")
    search = Search(settings={"network.dropout": Range(low=0, high=0.5)}, trials=2, pruner="median")
    name = folder.create(Study(title="tried", base=small, vary=search))
    trials = [Variant({"network.dropout": 0.1}), Variant({"network.dropout": 0.4})]
    for one in trials:
        folder.add_trial(name, search, one)
    *_, last = finish(folder.read(name), lambda _: 0.5, trials)
    status.write(last.folder, last.status().model_copy(update={"reason": ON_REQUEST}))
    app = open_page("studies", study=name)
    assert "All 2 runs have finished, 1 of them pruned." in words(app)
    assert list(app.dataframe[0].value["State"]) == ["finished", "pruned after epoch 1"]
    app = app.button(key="write MLflow store").click().run()
    assert app.success[0].value.endswith("experiment tried: 2 runs written")


def test_trials_are_listed_the_best_first(bench: Any, small: RunConfig) -> None:
    search = Search(settings={"batch_size": Range(low=8, high=16)}, trials=3)
    trials = [Variant({"batch_size": size}) for size in (9, 10, 11)]
    made = Study(title="tried", base=small, vary=search)
    name = folder.create(made)
    for one in trials:
        folder.add_trial(name, search, one)
    for task in tasks(made, trials)[1:]:
        finished(task, task.config.batch_size / 100)
    app = open_page("studies", study=name)
    assert not app.exception
    assert list(app.dataframe[0].value["Batch size"]) == ["11", "10", "9"]


def test_lines_go_through_the_settings_of_their_variant(bench: Any, small: RunConfig) -> None:
    grid = Grid(
        settings={"optimiser.learning_rate": (0.0001, 0.01, 1), "network.activation": ("relu", "gelu")}
    )
    name = study(small, grid, lambda task: 0.5 + 0.1 * task.config.optimiser.learning_rate)
    found = Findings(folder.read(name), rows(progress.look(name)))
    drawn = CHARTS["parallel"].draw(found, Look()).chart.to_dict()
    (lines,) = [one for one in drawn["datasets"].values() if "figure" in one[0]]
    last = {one["axis"]: one["place"] for one in lines if one["at"] == 5}
    assert last["Learning rate"] == pytest.approx(1, abs=0.03)
    assert last["Activation"] == pytest.approx(0.75, abs=0.03)
    assert last["Validation accuracy"] == 1
    middle = {one["axis"]: one["place"] for one in lines if one["at"] == 2}
    assert middle["Learning rate"] == pytest.approx(0.5, abs=0.03)  # in powers
    (ticks,) = [one for one in drawn["datasets"].values() if "text" in one[0]]
    assert {one["text"] for one in ticks if one["axis"] == "Learning rate"} == {"0.0001", "0.01", "1"}
    assert {one["text"] for one in ticks if one["axis"] == "Validation accuracy"} == {"50.0 %", "60.0 %"}


def test_what_is_clicked_is_the_variant_of_the_mark(bench: Any, small: RunConfig) -> None:
    name = study(small, Listing(settings=({}, {"epochs": 2})), lambda _: 0.5)
    found = Findings(folder.read(name), rows(progress.look(name)))
    assert study_charts.row({"at": 1}, found) is found.rows[1]
    assert study_charts.row({"at": 9}, found) is None
    assert study_charts.row(None, found) is None
    assert fitting(found) == ["setting"]
