"""Runs: the table, what is done with the selected ones, and how they compare."""

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from benchmarks import many_runs
from cnnviz.runs import notes, run, status
from cnnviz.runs.summary import Summary, summaries
from cnnviz.ui.runs import noise, table
from cnnviz.ui.runs.cost import pareto
from tests.conftest import Bench
from tests.pages.test_filters import shipped
from tests.pages.test_pages import open_page, words

pytestmark = pytest.mark.slow


@pytest.fixture
def seven(bench: Bench) -> Bench:
    """Seven runs of five settings; 0 and 5, 1 and 6 differ in their seed alone."""
    many_runs.write(7)
    return bench


def titles(app: AppTest) -> list[str]:
    return list(app.dataframe[0].value["Title"])


def curves(app: AppTest) -> Any:
    return json.loads(app.get("vega_lite_chart")[0].proto.spec)


def test_runs_are_listed_filtered_and_sorted(seven: Bench) -> None:
    notes.change("run-0003", tags=["best"])
    notes.change("run-0004", archived=True)
    app = open_page("runs")
    assert not app.exception
    assert titles(app) == ["Run 1", "Run 0", "Run 3", "Run 2", "Run 1", "Run 0"]
    assert "6 of 7 runs." in words(app)
    assert table.CHOOSING in words(app)
    app.text_input(key="runs search").set_value("learning_rate=0.002").run()
    assert titles(app) == ["Run 1", "Run 1"]
    app.text_input(key="runs search").set_value("nowhere").run()
    assert "No run fits" in words(app)
    app.text_input(key="runs search").set_value("").run()
    app.multiselect(key="runs filter Tag").set_value(["best"]).run()
    assert titles(app) == ["Run 3"]
    app.multiselect(key="runs filter Tag").set_value([]).run()
    app.toggle(key="runs archived").set_value(True).run()
    app.selectbox(key="runs order").set_value("Test accuracy").run()
    assert [one.value for one in app.warning] == [table.CHOOSING]
    accuracies = list(app.dataframe[0].value["Test"])
    assert accuracies == sorted(accuracies, reverse=True)
    assert len(accuracies) == 7
    app.multiselect(key="runs columns").set_value(["optimiser.learning_rate", "Seed"]).run()
    assert list(app.dataframe[0].value.columns) == ["Title", "Learning rate", "Seed"]
    assert table.CHOOSING not in words(app).replace(table.CHOOSING, "", 1)
    assert not app.exception


def test_on_a_phone_the_title_stays_beside_the_state_and_the_accuracies(seven: Bench) -> None:
    """Streamlit moves pinned columns, too, where they are wider than 0.6 of a table: a phone's is 358 pixels wide."""
    app = open_page("runs")
    shown = app.dataframe[0]
    assert list(shown.value.columns)[:4] == ["Title", "State", "Validation", "Test"]
    column = json.loads(shown.proto.columns)["Title"]
    assert column["pinned"]
    assert column["width"] < 0.6 * 358
    low = shown.proto.row_height
    path = seven.checkpoints / "run-0003" / "config.json"
    path.write_text(path.read_text().replace('"Run 3"', '"A study: Dropout 0.2, Learning rate 0.002"'))
    high = open_page("runs").dataframe[0].proto.row_height
    assert low <= 64 < high  # above 64 pixels text is broken into lines


def test_settings_that_differ_come_first_then_curves(seven: Bench) -> None:
    app = open_page("runs", runs="run-0000,run-0001,run-0005")
    assert not app.exception
    assert not app.warning
    assert [one.value for one in app.header] == ["What differs", "Curves", "Cost", "More than noise?"]
    shown = app.table[0].value
    assert list(shown.columns) == ["Learning rate", "Seed", "Validation", "Test", "Training"]
    assert [one.replace("\u00a0", " ") for one in shown.index] == ["Run 0, seed 0", "Run 1", "Run 0, seed 1"]
    assert list(shown["Learning rate"]) == ["0.001", "0.002", "0.001"]
    assert shown["Test"].iloc[0] == "62.7\u00a0%\u00a0±\u00a01.5"
    encoding = curves(app)["encoding"]
    assert encoding["color"]["scale"]["domain"] == ["Run 0, seed 0", "Run 1", "Run 0, seed 1"]
    assert len({tuple(one) for one in encoding["strokeDash"]["scale"]["range"]}) == 3
    app.toggle(key="runs band").set_value(True).run()
    drawn = curves(app)["layer"]
    assert drawn[0]["mark"]["type"] == "area"
    assert drawn[1]["encoding"]["color"]["scale"]["domain"] == ["Run 0, 2 seeds", "Run 1"]
    assert "standard deviation over the seeds" in words(app)


def test_curves_are_a_link_and_smoothing_is_said(seven: Bench) -> None:
    app = open_page(
        "runs", runs="run-0000,run-0001", curves="Training loss", across="seconds", smoothing="0.9"
    )
    assert not app.exception
    assert not app.warning
    faint, strong = curves(app)["layer"]
    assert strong["encoding"]["x"]["title"] == "Training time, s"
    assert faint["mark"]["opacity"] < 1
    assert "each point is 90 % of the one before it and 10 % of what was measured" in words(app)
    assert curves(app)["title"]["text"].startswith("Training loss")


def test_seeds_alone_are_said_and_so_is_other_data(seven: Bench) -> None:
    assert "seed alone" in words(open_page("runs", runs="run-0000,run-0005"))
    path = seven.checkpoints / "run-0005" / "config.json"
    path.write_text(path.read_text().replace('"shapes"', '"digits"'))
    assert "different data sets" in words(open_page("runs", runs="run-0000,run-0005"))


def test_what_is_done_is_done_with_all_that_are_selected(seven: Bench) -> None:
    shipped(seven, "mnist-mlp")
    app = open_page("runs", runs="run-0000,run-0001,mnist-mlp")
    assert "3 runs selected" in words(app)
    (field,) = [one for one in app.multiselect if one.label == "Tags of all of them"]
    field.set_value(["first"]).run()
    app.button(key="set tags").click().run()
    app.text_area[0].set_value("Look again.").run()
    app.button(key="save note").click().run()
    app.button(key="archive runs").click().run()
    assert not app.exception
    found = {one.id: one for one in summaries()}
    for name in ("run-0000", "run-0001"):
        assert (found[name].tags, found[name].note, found[name].archived) == (("first",), "Look again.", True)
    assert not found["mnist-mlp"].tags
    assert "2 are not listed" in words(app)
    app.button(key="delete runs").click().run()
    assert not app.exception
    assert {"run-0000", "run-0001"}.isdisjoint(one.id for one in summaries())
    assert app.query_params["runs"] in ("mnist-mlp", ["mnist-mlp"])


def test_runs_under_way_are_stopped_and_not_deleted(seven: Bench) -> None:
    waiting = run.find("run-0002")
    status.write(waiting.folder, status.Status(state="queued", updated=1))
    app = open_page("runs", runs="run-0002")
    assert not [one for one in app.button if one.key == "delete runs"]
    app.button(key="stop runs").click().run()
    assert waiting.status().state == "stopped"


def test_folders_that_cannot_be_read_are_listed_with_the_reason(seven: Bench) -> None:
    (seven.checkpoints / "run-0003" / "config.json").write_text('{"format": 9}')
    app = open_page("runs", runs="run-0003,run-0001")
    assert not app.exception
    assert "newer cnnviz (format 9)" in words(app)
    assert [one.value for one in app.warning] == ["There is no run 'run-0003' on this bench; it is left out."]
    assert len(titles(app)) == 6


def test_boxes_are_the_address(seven: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {"runs listed": ["a", "b", "c"], "runs table": {"selection": {"rows": [2]}}}
    put: list[tuple[str, ...]] = []
    monkeypatch.setattr(table.st, "session_state", state)
    monkeypatch.setattr(table.selection, "peek", lambda _: ("hidden", "a"))
    monkeypatch.setattr(table.selection, "put", lambda _, names: put.append(names))
    table._take()
    assert put == [("hidden", "c")]


def test_differences_come_with_their_noise(seven: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("runs", runs="run-0000,run-0005,run-0001,run-0006")
    (row,) = app.table[1].value.reset_index().to_dict("records")
    assert (row["Images"], row["From"]) == ("validation", "2 and 2 seeds")
    assert row["Difference"] == "1.7 points better, more than noise"
    assert "Compared with Run 0, 2 seeds" in words(app)
    right = {"run-0000": np.arange(100) < 60, "run-0001": np.arange(100) < 63, "run-0002": np.arange(80) < 10}
    monkeypatch.setattr(noise, "_right", lambda run: (np.arange(len(right[run])), right[run]))
    app = open_page("runs", runs="run-0000,run-0001,run-0002")
    rows = app.table[1].value
    assert list(rows["Images"]) == ["test", "test"]
    assert list(rows["Difference"]) == [
        "3.0 points better, within noise",
        "62.5 points worse, more than noise",
    ]
    assert rows["From"].iloc[1] == "0 images only this one gets right, 50 only the other, of 80"
    assert "Holm" in words(app)
    assert "Two seeds of each setting at least" in words(app)


def test_the_front_is_what_no_run_beats() -> None:
    figures = {"a": (10, 0.5), "b": (10, 0.6), "c": (20, 0.6), "d": (30, 0.7), "e": (40, 0.65)}
    runs = [Summary(name, seconds=time, validation_accuracy=right) for name, (time, right) in figures.items()]
    assert [run.id for run in pareto(runs)] == ["b", "d"]
