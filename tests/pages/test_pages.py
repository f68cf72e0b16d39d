"""The logic of the pages, without a browser."""

import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnviz.report.takeaway import FILES
from cnnviz.runs import control, lease, status
from cnnviz.runs.run import Run, find
from cnnviz.ui.activations import channel_card
from cnnviz.ui.train import run_panel
from cnnviz.workspace import ROOT
from tests.app_pages import PAGES
from tests.conftest import Bench

pytestmark = pytest.mark.slow


def open_page(name: str, **query: str) -> AppTest:
    """The app, opened at one page by a link."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=150)
    if name != "home":
        app.switch_page(f"pages/{name}.py")
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def words(app: AppTest) -> str:
    """All text of the page."""
    kinds = (
        app.markdown,
        app.caption,
        app.info,
        app.warning,
        app.error,
        app.title,
        app.header,
        app.subheader,
    )
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def component(app: AppTest, key: str) -> dict[str, Any]:
    """What a component of ours is given to draw."""
    (found,) = [one for one in app.get("bidi_component") if one.proto.id.endswith(f"-{key}")]
    given: dict[str, Any] = json.loads(found.proto.json)
    return given


def wait_for(run: Run) -> None:
    """Return when the run has finished."""
    while run.status().active:
        time.sleep(0.05)
    assert run.status().state == "finished", run.log()


HINTS = {
    "home": "No run yet", "train": "Press Start", "filters": "Train a network",
    "experiments": "Experiments of five lab reports", "data": "training and",
    "runs": "Press Start",
    "studies": "No study yet",
    "reports": "No report yet",
}  # fmt: skip
"""What a page says on an empty bench, if that is not how to train a network."""


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_bench_says_what_to_do(bench: Bench, name: str) -> None:
    app = open_page(name)
    assert not app.exception
    assert not app.error
    assert HINTS.get(name, "Train one") in words(app)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_shows_a_run(finished: Run, name: str) -> None:
    app = open_page(name)
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1
    if name not in ("home", "experiments", "runs", "studies", "data", "reports"):
        assert app.query_params["run"] == finished.id


def test_a_link_opens_what_it_names(finished: Run, tiny_data: str) -> None:
    app = open_page("activations", run=finished.id, snapshot="epoch_0001", layer="fc2", image="test.7")
    assert not app.exception
    assert app.select_slider(key="selected snapshot").value == "epoch_0001"
    assert app.selectbox(key="selected layer").value == "fc2"
    assert app.query_params["image"] == "test.7"
    assert "4 units" in words(app)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("run", "../../etc"),
        ("run", "gone"),
        ("snapshot", "epoch_9999"),
        ("layer", "conv9"),
        ("image", "test.99999"),
        ("image", "upload.zz"),
    ],
)
def test_a_link_to_what_is_not_there_says_so_and_shows_something_else(
    finished: Run, key: str, value: str
) -> None:
    query = {"run": finished.id, "snapshot": "last", "layer": "fc1", "image": "photo.frog"} | {key: value}
    app = open_page("activations", **query)
    assert not app.exception
    said = value.rpartition(".")[2] if key == "image" else value
    assert said in "\n".join(warning.value for warning in app.warning)
    assert "maps" in words(app) or "units" in words(app)


def test_the_form_starts_what_it_says(bench: Bench, tiny_data: str, quick: None) -> None:
    app = open_page("train")
    keyed = {box.key: box for box in app.selectbox}
    app = keyed["form 0.name"].set_value("tiny").run()
    app = app.selectbox(key="form 0.network").set_value("mlp").run()
    app = app.text_input(key="form 0.network.mlp.hidden").set_value("12, 7").run()
    app = app.number_input(key="form 0.epochs").set_value(2).run()
    app = app.number_input(key="form 0.batch_size").set_value(32).run()
    assert "180" in words(app)
    start = next(button for button in app.button if button.label == "Start")
    app = start.click().run()
    assert not app.exception
    run = find(app.query_params["run"])
    assert run.config.network.model_dump() == {
        "name": "mlp", "hidden": (12, 7), "activation": "relu", "dropout": 0.0,
    }  # fmt: skip
    assert (run.config.epochs, run.config.batch_size, run.config.data.name) == (2, 32, "tiny")
    wait_for(run)


def test_the_form_refuses_what_cannot_run(bench: Bench, tiny_data: str) -> None:
    app = open_page("train")
    app = {box.key: box for box in app.selectbox}["form 0.name"].set_value("tiny").run()
    app = app.number_input(key="form 0.batch_size").set_value(5000).run()
    assert "larger than the training set (180 images)" in words(app)
    assert next(button for button in app.button if button.label == "Start").disabled


def test_a_run_is_taken_away_and_cloned(
    finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"file:{tmp_path / 'store'}")
    app = open_page("train", run=finished.id)
    buttons = {one.label: one.disabled for one in app.get("download_button")}
    assert buttons == dict.fromkeys(["Settings", *(one.title for one in FILES.values())], False)
    there = app.button(key="write MLflow store").click().run()
    assert re.match(r"file:.*, experiment cnnviz, run \w+", there.success[0].value)
    app = app.button(key="clone run").click().run()
    assert app.text_input(key="form 1.network.mlp.hidden").value == "16"
    assert app.number_input(key="form 1.batch_size").value == finished.config.batch_size


def test_delete_asks_first(finished: Run) -> None:
    app = open_page("train", run=finished.id)
    assert finished.folder.exists()
    app = app.button(key="delete run").click().run()
    assert not finished.folder.exists()
    assert not app.exception


def test_a_damaged_checkpoint_is_one_line(finished: Run) -> None:
    path = finished.folder / "snapshots" / "last.safetensors"
    path.write_bytes(path.read_bytes()[:200])
    app = open_page("activations", run=finished.id, snapshot="last")
    assert not app.exception
    assert "damaged or cut off" in app.error[0].value


def test_a_run_with_broken_settings_does_not_hide_the_others(finished: Run) -> None:
    broken = finished.folder.with_name("broken")
    broken.mkdir()
    (broken / "config.json").write_text(json.dumps({"epochs": 3}))
    app = open_page("train")
    assert not app.exception
    assert app.selectbox(key="selected run").options == [f"mlp on tiny — {finished.id}"]


def _panel_that_starts_over_at_the_second_drawing(run_id: str) -> None:
    import streamlit as st

    from cnnviz.runs.run import find
    from cnnviz.ui.train import run_panel

    drawn = st.session_state["drawn"] = st.session_state.get("drawn", 0) + 1
    run_panel._record(find(run_id), "running", 1.0 if drawn == 2 else 10.0)


def test_a_click_is_not_lost_when_the_page_starts_over(
    finished: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = finished.status().model_copy(update={"state": "running", "seconds": 60.0, "seconds_left": 9000.0})
    stopped: list[str] = []
    monkeypatch.setattr(control, "stop", stopped.append)
    descriptor = lease.take(finished.folder / "lease", patience=0)
    assert descriptor is not None
    try:
        status.write(finished.folder, long)
        app = AppTest.from_function(_panel_that_starts_over_at_the_second_drawing, args=(finished.id,)).run()
        app.button(key="stop run").click().run()
    finally:
        os.close(descriptor)
    assert stopped == [finished.id]
    assert app.session_state["drawn"] == 3


@pytest.mark.parametrize(
    ("seconds", "left", "pace"),
    [(5, None, 1), (2, 5000, 1), (10, 80, 1), (60, 100, 2), (60, 400, 5), (60, 900, 10), (60, 3000, 20)],
)
def test_a_longer_run_is_drawn_less_often(seconds: float, left: float | None, pace: float) -> None:
    now = status.Status(state="running", epochs=9, seconds=seconds, seconds_left=left, updated=0)
    assert run_panel._pace(now) == pace


def test_softmax_before_the_loss_is_warned_of(bench: Bench, tiny_data: str) -> None:
    app = open_page("train")
    assert "softmax twice" not in words(app)
    next(one for one in app.toggle if one.label == "Softmax before loss").set_value(True).run()
    assert "softmax twice" in words(app)


def test_a_channel_and_a_cell_are_a_link(finished: Run) -> None:
    app = open_page("activations", run=finished.id, layer="fc1", channel="3")
    assert not app.exception
    assert "**fc1, channel 3**" in words(app)
    assert "Linear layer: Σ input × weight" in words(app)
    assert "(bias)" in words(app)
    app = open_page("activations", run=finished.id, layer="fc1", channel="99999", cell="7.7")
    assert "channel 99999" not in words(app)
    assert not app.exception


def test_a_channel_can_be_switched_off(finished: Run) -> None:
    app = open_page("activations", run=finished.id, layer="act1", channel="0")
    app.toggle(key="channel off").set_value(True).run()
    assert not app.exception
    assert list(app.table[-1].value.columns) == ["With it", "Without", "Change"]


def test_of_a_large_map_blocks_show_what_is_furthest_from_zero() -> None:
    values = np.array([[1, -5, 2], [0, 3, -1], [4, 0, -6]], np.float32)
    assert channel_card._blocks(values, 2).tolist() == [[-5, 2], [4, -6]]
    assert channel_card._blocks(values, 1) is values


def test_maps_are_sorted_and_scaled_by_choice_and_a_click_still_finds_its_channel(
    finished: Run, bench: Bench
) -> None:
    app = open_page("activations", run=finished.id, layer="act1")
    labels = component(app, "activation maps")["labels"]
    assert [label.split(":")[0] for label in labels[:3]] == ["channel 0", "channel 1", "channel 2"]
    app.segmented_control(key="maps Sort by").set_value("maximum").run()
    labels = component(app, "activation maps")["labels"]
    tops = [float(label.split(" to ")[1].split(",")[0].replace("−", "-")) for label in labels]
    assert tops == sorted(tops, reverse=True)
    assert len({label.split(":")[0] for label in labels}) == 16
    app.segmented_control(key="maps Scale").set_value("network").run()
    assert "shared by all layers of this network" in words(app)


def test_two_epochs_are_compared_and_their_difference_is_that_of_the_maps(
    finished: Run, bench: Bench
) -> None:
    app = open_page("compare", run=finished.id, layer="fc1", channel="3", image="photo.digit-3")
    assert not app.exception
    assert app.query_params["with"] == "epoch"
    assert app.query_params["epoch_b"] == "epoch_0000"
    assert "fc1, channel 3" in words(app)
    from cnnviz.explore.activations.activation_maps import channel_maps
    from cnnviz.explore.inputs.builtin_images import photo_named
    from cnnviz.explore.inputs.preprocessing import as_input
    from cnnviz.models import checkpoint

    maps = []
    for name in ("last", "epoch_0000"):
        model, card = checkpoint.load(finished.folder / "snapshots" / f"{name}.safetensors")
        maps.append(channel_maps(model, as_input(photo_named("digit-3").image(), card).values, "fc1"))
    expected = float(np.abs(maps[1] - maps[0]).mean())
    assert f"Mean of |B − A|: **{expected:.3g}**" in words(app)
    app.segmented_control(key="selected sort").set_value("change").run()
    labels = component(app, "maps A")["labels"]
    largest = int(np.abs(maps[1] - maps[0]).ravel().argmax())
    assert labels[0].startswith(f"channel {largest}:")


def test_layers_of_two_shapes_have_no_difference_and_say_so(finished: Run, bench: Bench) -> None:
    shutil.copytree(ROOT / "checkpoints" / "mnist-mlp", bench.checkpoints / "mnist-mlp")
    app = open_page("compare", run=finished.id, layer="fc1", **{"with": "network"}, run_b="mnist-mlp")
    assert not app.exception
    assert "have no difference map by map" in words(app)


def test_the_map_is_laid_over_the_photo_and_downloads(finished: Run, bench: Bench) -> None:
    shutil.copytree(ROOT / "checkpoints" / "cifar10-resnet18", bench.checkpoints / "cifar10-resnet18")
    app = open_page("activations", run="cifar10-resnet18", layer="layer3.0", channel="3", cell="2.2")
    assert not app.exception
    app.toggle(key="map over photo").set_value(True).run()
    assert not app.exception
    assert [one for one in app.get("download_button") if one.label == "Map"]


def test_two_images_are_compared(finished: Run, bench: Bench) -> None:
    app = open_page(
        "compare",
        run=finished.id,
        layer="fc1",
        **{"with": "image"},
        image="photo.digit-1",
        image_b="photo.digit-1",
    )
    assert "Mean of |B − A|: **0**" in words(app)
    assert "Correlation of all values: **1.00**" in words(app)


def test_damaged_filters_are_a_line_beside_the_curves(finished: Run) -> None:
    (finished.folder / "filters.npz").write_bytes(b"no zip")
    app = open_page("train", run=finished.id)
    assert not app.exception
    assert any("filters.npz" in one.value for one in app.error)
    assert "Test accuracy" in [one.label for one in app.metric]
