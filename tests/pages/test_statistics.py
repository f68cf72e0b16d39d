"""The page that holds early layers against late ones, without a browser."""

import json
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnviz.config import Cnn, Mlp, Network, RunConfig
from cnnviz.explore.statistics import layer_statistics as measuring
from cnnviz.progress import finish
from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.runs.run import Run
from cnnviz.ui.statistics import view
from cnnviz.ui.statistics.profiles import UNTRAINED, ImageSample, SnapshotProfiles
from cnnviz.workspace import ROOT
from tests.conftest import Bench, write_data
from tests.pages.test_pages import open_page, words

pytestmark = pytest.mark.slow

CNN = Cnn(convs=(4, 5), pool_after=(1,))


def made(config: RunConfig, network: Network = CNN) -> Run:
    """A finished run on the tiny data whose weights are those of its seed."""
    from cnnviz.models import checkpoint, registry
    from cnnviz.models.checkpoint import Card

    run = running.create(config.model_copy(update={"network": network}), *running.environment())
    shape, classes = (8, 8, 3), ("one", "two", "three", "four")
    card = Card(
        network=network, image_shape=shape, classes=classes, mean=(0.5,) * 3, std=(0.25,) * 3,
        data="tiny", epoch=3, step=18,
    )  # fmt: skip
    (run.folder / "snapshots").mkdir()
    model = registry.build(network, image_shape=shape, classes=4)
    checkpoint.save(run.folder / "snapshots" / "last.safetensors", model.state_dict(), card)
    status.write(
        run.folder, status.Status(state="finished", epoch=3, epochs=3, step=18, steps=18, updated=time.time())
    )
    return run


def measured(app: AppTest) -> AppTest:
    return next(one for one in app.button if str(one.key).startswith("measure ")).click().run()


def shown(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption)


def test_it_is_measured_once_and_kept(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> None:
    run = made(tiny_config)
    app = open_page("statistics", run=run.id)
    assert not app.exception
    assert "Not measured yet: “last epoch”" in words(app)
    app = measured(app)
    assert not app.exception
    assert not app.error
    assert "60 test images of tiny, all classes" in shown(app)
    assert len(app.get("vega_lite_chart")) == 6
    assert "guessing scores 25 %" in shown(app)
    assert len(list((run.folder / "index").glob("statistics-last-60-all.json"))) == 1
    again = open_page("statistics", run=run.id)
    assert len(again.get("vega_lite_chart")) == 6
    copy = bench.checkpoints / "copied"
    shutil.copytree(run.folder, copy)
    assert len(open_page("statistics", run="copied").get("vega_lite_chart")) == 6
    weights = copy / "snapshots" / "last.safetensors"
    weights.write_bytes(
        (made(tiny_config, Mlp(hidden=(4,))).folder / "snapshots" / weights.name).read_bytes()
    )
    assert "Not measured yet" in words(open_page("statistics", run="copied"))  # of other weights


def test_of_a_data_set_imported_anew_it_is_measured_anew(
    bench: Bench, tiny_data: str, tiny_config: RunConfig
) -> None:
    run = made(tiny_config)
    measured(open_page("statistics", run=run.id))
    folder = bench.data / "tiny"
    folder.rename(bench.data / "elsewhere")
    assert "Not measured yet" not in words(open_page("statistics", run=run.id))  # it is taken for the same
    write_data(folder, test=64)
    app = open_page("statistics", run=run.id, images="64")
    assert "Not measured yet" in words(app)
    assert "64 test images" in shown(measured(app))
    labels = folder / "test_labels.npy"
    np.save(labels, np.load(labels)[::-1])
    assert "Not measured yet" in words(open_page("statistics", run=run.id, images="64"))


def test_untrained_stands_beside_trained(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> None:
    run = made(tiny_config)
    app = measured(open_page("statistics", run=run.id, beside=f"{run.id}:{UNTRAINED}"))
    assert not app.exception
    assert not app.error
    # The run's weights are those of its seed: both say the same.
    lines = [line for caption in app.caption for line in caption.value.split("  \n")]
    last = [line.removeprefix("*last epoch*: ") for line in lines if line.startswith("*last epoch*")]
    first = [
        line.removeprefix("*untrained, from its seed*: ")
        for line in lines
        if line.startswith("*untrained, from its seed*")
    ]
    assert last
    assert last == first
    # Once it is known, it is there without being asked for.
    app = open_page("statistics", run=run.id)
    assert app.query_params["beside"] == f"{run.id}:{UNTRAINED}"


def test_one_class_says_what_it_can_not(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> None:
    run = made(tiny_config)
    app = measured(open_page("statistics", run=run.id, of="2"))
    assert not app.exception
    assert "only three" in shown(app)
    assert shown(app).count("Needs images of two classes") == 2
    assert len(app.get("vega_lite_chart")) == 4


def test_units_have_no_maps(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> None:
    run = made(tiny_config, Mlp(hidden=(6, 6)))
    app = measured(open_page("statistics", run=run.id))
    assert not app.exception
    assert "a unit is a single cell" in shown(app)
    app = app.toggle(key="every layer").set_value(True).run()
    assert not app.exception
    assert "blocks and activations only" not in shown(app)


def test_without_its_data_it_says_so(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> None:
    run = made(tiny_config)
    shutil.rmtree(bench.data / "tiny")
    app = open_page("statistics", run=run.id)
    assert not app.exception
    assert "once the images of tiny are on this machine" in words(app)


def test_the_shipped_runs_open_on_figures_without_any_data(bench: Bench) -> None:
    for name in ("cifar10-resnet18", "mnist-mlp"):
        shutil.copytree(ROOT / "checkpoints" / name, bench.checkpoints / name)
        app = open_page("statistics", run=name)
        assert not app.exception
        assert not app.error
        assert "Not measured" not in words(app)
        assert len(app.get("vega_lite_chart")) >= 5
        assert app.query_params["beside"] == f"{name}:{UNTRAINED}"
        assert "500 test images" in shown(app)


@pytest.mark.realdata
def test_the_shipped_figures_are_what_comes_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNVIZ_DATA", str(ROOT / "data"))
    shutil.copytree(ROOT / "checkpoints" / "mnist-mlp", bench.checkpoints / "mnist-mlp")
    sample = ImageSample(500, None)
    for snapshot in ("last", UNTRAINED):
        subject = SnapshotProfiles(running.find("mnist-mlp"), snapshot)
        kept = subject.known(sample)
        assert kept is not None
        found = finish(subject.measure(sample))
        for one, other in zip(kept.layers, found.layers, strict=True):
            assert other.zeros == pytest.approx(one.zeros, abs=1e-4)
            assert other.selectivity == pytest.approx(one.selectivity, abs=1e-3)
            assert other.probe == pytest.approx(one.probe, abs=0.01)


def test_what_can_not_be_kept_or_measured_is_one_line(
    bench: Bench, tiny_data: str, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(tiny_config)
    (run.folder / "index").write_text("in the way")
    app = measured(open_page("statistics", run=run.id))
    assert not app.exception
    assert "can't be stored (File exists)" in app.error[0].value
    monkeypatch.setattr(measuring, "_FEATURES", 4_000)
    app = measured(open_page("statistics", run=run.id))
    assert "too many for so wide a network" in app.error[0].value


def test_a_chosen_row_and_a_clicked_point_go_to_the_layer(
    bench: Bench, tiny_data: str, tiny_config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(
        view.st, "switch_page", lambda page, *, query_params: went.append((page, query_params))
    )
    run = made(tiny_config)
    app = measured(open_page("statistics", run=run.id))
    app.session_state["chart probe"] = {"selection": {"picked": [{"layer": "act2"}]}}
    app.run()
    assert not app.exception
    assert went[-1] == ("pages/activations.py", {"run": run.id, "snapshot": "last", "layer": "act2"})
    app = open_page("statistics", run=run.id)
    app.session_state["statistics table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    assert went[-1][1]["layer"] == "act1"


def test_other_definitions_are_measured_anew(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> None:
    run = made(tiny_config)
    measured(open_page("statistics", run=run.id))
    (path,) = Path(run.folder / "index").glob("statistics-*")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "older"}))
    assert "Not measured yet" in words(open_page("statistics", run=run.id))


def test_another_network_is_no_reason_to_warn(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> None:
    run = made(tiny_config)
    shutil.copytree(ROOT / "checkpoints" / "mnist-mlp", bench.checkpoints / "mnist-mlp")
    app = open_page("statistics", run="mnist-mlp", of="7")
    assert app.query_params["images"] == "500"
    app = app.selectbox(key="selected run").set_value(run.id).run()
    assert not app.exception
    assert not app.warning
    assert (app.query_params["images"], app.query_params["of"]) == ("60", "all")
    app.query_params["of"] = "9"
    assert "There is no class '9' of this network; this is 'all classes'." in app.run().warning[0].value
