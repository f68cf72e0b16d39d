"""The Filters page, without a browser."""

import os
import shutil
import time
from collections.abc import Iterator

import numpy as np
import pytest

from cnnviz.config import Cnn, Data, RunConfig
from cnnviz.runs import lease, status
from cnnviz.runs import run as running
from cnnviz.runs.run import Run
from cnnviz.workspace import ROOT
from tests.conftest import Bench
from tests.pages.test_pages import open_page, words

NETWORK = Cnn(convs=(4, 6), pool_after=(1, 2), batch_norm="all")


def shipped(bench: Bench, name: str) -> str:
    shutil.copytree(ROOT / "checkpoints" / name, bench.checkpoints / name)
    return name


def train_on(run: Run, *epochs: int, duplicate: bool = False) -> None:
    """Leave what a training leaves after these epochs: snapshots of them, and the first layer of all until then."""
    import torch

    from cnnviz.models import checkpoint, registry
    from cnnviz.models.checkpoint import Card

    model = registry.build(NETWORK, image_shape=(8, 8, 3), classes=2, seed=run.config.seed)
    card = Card(
        network=NETWORK, image_shape=(8, 8, 3), classes=("one", "two"), mean=(0.5,) * 3, std=(0.5,) * 3,
        data="none", epoch=0, step=0,
    )  # fmt: skip
    (run.folder / "snapshots").mkdir(exist_ok=True)
    first = []
    for epoch in range(epochs[-1] + 1):
        if epoch:
            with torch.no_grad():
                model.conv1.weight.mul_(1.1)
                model.conv2.weight.mul_(1.2)
                if duplicate:
                    model.conv2.weight[3] = 0
                    model.conv2.weight[5] = model.conv2.weight[1]
        first.append(model.conv1.weight.detach().half().numpy())
        if epoch in epochs:
            name = f"epoch_{epoch:04d}" if epoch & (epoch - 1) == 0 else "last"
            now = card.model_copy(update={"epoch": epoch, "step": epoch * 5})
            checkpoint.save(run.folder / "snapshots" / f"{name}.safetensors", model.state_dict(), now)
    np.savez(run.folder / "filters.npz", epochs=np.arange(len(first)), filters=np.stack(first))


@pytest.fixture
def run(bench: Bench) -> Run:
    """A run whose network has two convolutions; nothing was trained yet."""
    made = running.create(RunConfig(data=Data(name="none"), network=NETWORK), *running.environment())
    status.write(made.folder, status.Status(state="finished", epoch=3, epochs=3, updated=time.time()))
    return made


@pytest.fixture
def training(run: Run) -> Iterator[Run]:
    """The same, while its worker lives."""
    descriptor = lease.take(run.folder / "lease", patience=0)
    assert descriptor is not None
    status.write(run.folder, status.Status(state="running", epoch=1, epochs=9, updated=time.time()))
    yield run
    os.close(descriptor)


def test_the_shipped_resnet_opens_on_its_first_layer(bench: Bench) -> None:
    name = shipped(bench, "cifar10-resnet18")
    app = open_page("filters", run=name)
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert app.selectbox(key="filter layer").value == "conv1"
    assert len(app.selectbox(key="filter layer").options) == 20
    assert app.select_slider(key="selected epoch").options == [
        str(epoch) for epoch in Run(name, bench.checkpoints / name).filters()[0]
    ]
    assert "0 of 64 dead, 0 near-duplicates (cosine ≥ 0.95)" in words(app)
    assert "one scale for all filters, grey is zero" in words(app)


@pytest.mark.slow
def test_a_deeper_layer_of_the_shipped_resnet_before_and_after(bench: Bench) -> None:
    name = shipped(bench, "cifar10-resnet18")
    app = open_page("filters", run=name, layer="layer2.0.downsample.0", channel="7")
    assert not app.exception
    assert app.select_slider(key="selected epoch").options == ["0", "20"]
    assert "Epoch 0, untrained, drawn again from the run's seed" in words(app)
    assert "**layer2.0.downsample.0, filter 7**" in words(app)
    figures = app.table[0].value["Value"]
    assert list(figures.index)[:2] == ["Norm", "layer2.0.downsample.1, weight"]
    app.segmented_control(key="filter scale").set_value("channel").run()
    assert "each filter on a scale of its own within" in words(app)
    app.segmented_control(key="filter order").set_value("similarity").run()
    assert not app.exception


def test_the_shipped_mlp_shows_the_units_that_are_kept(bench: Bench) -> None:
    app = open_page("filters", run=shipped(bench, "mnist-mlp"), epoch="5", channel="12")
    assert not app.exception
    assert "0 of 100 dead" in words(app)
    assert "of the first 100 of 500" in words(app)
    assert app.select_slider(key="selected epoch").value == "5"
    assert "**fc1, filter 12**" in words(app)


def test_dead_and_near_duplicates_are_told(run: Run) -> None:
    train_on(run, 0, 3, duplicate=True)
    app = open_page("filters", run=run.id, layer="conv2", channel="5")
    text = words(app)
    assert "1 of 6 dead, 2 near-duplicates (cosine ≥ 0.95)" in text
    assert "dead in orange, near-duplicates in green" in text
    assert app.table[0].value["Value"]["Most similar"] == "filter 1, cosine 1.000"
    app.button(key="most similar").click().run()
    assert "**conv2, filter 1**" in words(app)
    assert (app.query_params["layer"], app.query_params["channel"]) == ("conv2", "1")
    dead = open_page("filters", run=run.id, layer="conv2", channel="3")
    assert dead.table[0].value["Value"]["Dead"] == "its norm is at most 1 % of the layer's largest"
    before = open_page("filters", run=run.id, layer="conv2", channel="3", epoch="0")
    assert "0 of 6 dead" in words(before)


@pytest.mark.parametrize("epochs", [(0,), (0, 1)])
def test_a_run_with_few_epochs(run: Run, epochs: tuple[int, ...]) -> None:
    train_on(run, *epochs)
    for layer in ("conv1", "conv2"):
        app = open_page("filters", run=run.id, layer=layer)
        assert not app.exception
        assert not app.error
        assert app.query_params["epoch"] == str(epochs[-1])


def test_a_layer_of_another_page_is_no_reason_to_warn(run: Run) -> None:
    train_on(run, 0, 3)
    app = open_page("activations", run=run.id, layer="act1", channel="3")
    app.query_params.clear()  # as a browser does between pages
    app.switch_page("pages/filters.py").run()
    assert not app.warning
    assert app.selectbox(key="filter layer").value == "conv1"
    assert "**conv1, filter 0**" in words(app)
    app.selectbox(key="filter layer").set_value("conv2").run()
    assert app.query_params["layer"] == "conv2"


@pytest.mark.parametrize(("asked", "shown"), [("2", "3"), ("1", "0"), ("99", "3")])
def test_an_epoch_that_was_not_kept_gives_way_to_the_nearest(run: Run, asked: str, shown: str) -> None:
    train_on(run, 0, 3)
    app = open_page("filters", run=run.id, layer="conv2", epoch=asked)
    assert not app.exception
    assert app.select_slider(key="selected epoch").value == shown
    assert f"Epoch {asked} was not kept for this layer: this is epoch {shown}." in words(app)


def test_the_epoch_is_that_of_other_pages(run: Run) -> None:
    train_on(run, 0, 2, 5)
    app = open_page("activations", run=run.id, snapshot="epoch_0002", layer="conv2")
    assert not app.exception
    app.switch_page("pages/filters.py").run()
    assert app.select_slider(key="selected epoch").value == "2"
    app.select_slider(key="selected epoch").set_value("0").run()
    app.switch_page("pages/activations.py").run()
    assert app.query_params["snapshot"] == "epoch_0000"
    app.select_slider(key="selected snapshot").set_value("last").run()
    app.query_params.clear()  # as a browser does between pages
    app.switch_page("pages/filters.py").run()
    assert app.select_slider(key="selected epoch").value == "5"


def test_what_is_no_epoch_or_filter(run: Run) -> None:
    train_on(run, 0, 3)
    app = open_page("filters", run=run.id, layer="conv2", epoch="²", channel="999999999999")
    assert not app.exception
    assert "There is no epoch '²' of this run; this is the newest" in app.warning[0].value
    assert "**conv2, filter 0**" in words(app)


def test_while_training_epochs_arrive_and_the_chosen_one_stays(training: Run) -> None:
    train_on(training, 0, 1)
    app = open_page("filters", run=training.id)
    assert not app.exception
    assert "epoch" not in app.query_params
    assert app.select_slider(key="selected epoch").value == "1"
    train_on(training, 0, 1, 3)
    app.run()
    assert app.select_slider(key="selected epoch").options == ["0", "1", "2", "3"]
    assert app.select_slider(key="selected epoch").value == "3"  # it goes on with the training
    app.select_slider(key="selected epoch").set_value("2").run()
    assert app.query_params["epoch"] == "2"
    train_on(training, 0, 1, 3, 4, 5)
    app.run()
    assert app.select_slider(key="selected epoch").options[-1] == "5"
    assert app.select_slider(key="selected epoch").value == "2"
    assert "Epoch 2: " in words(app)
    app.button(key="newest epoch").click().run()
    assert app.select_slider(key="selected epoch").value == "5"


def test_before_the_first_snapshot(training: Run) -> None:
    app = open_page("filters", run=training.id)
    assert not app.exception
    assert "no filters yet" in words(app)
    assert app.query_params["run"] == training.id
    np.savez(
        training.folder / "filters.npz", epochs=np.arange(1), filters=np.ones((1, 4, 3, 3, 3), np.float16)
    )
    app = open_page("filters", run=training.id)
    assert not app.exception
    assert "first layer" in str(app.selectbox(key="filter layer").options)


def test_a_damaged_snapshot_does_not_hide_the_others(run: Run) -> None:
    train_on(run, 0, 1, 3)
    path = run.folder / "snapshots" / "last.safetensors"
    path.write_bytes(path.read_bytes()[:200])
    app = open_page("filters", run=run.id, layer="conv2")
    assert not app.exception
    assert "last.safetensors is damaged or cut off" in app.warning[0].value
    assert app.select_slider(key="selected epoch").options == ["0", "1"]


def test_which_layers_learnt(run: Run) -> None:
    from cnnviz.ui.filters import movement

    train_on(run, 0, 1, 3)
    app = open_page("filters", run=run.id)
    app.session_state["movement"] = True
    app.run()
    assert not app.exception
    assert movement._QUANTITIES["rotation"][1] in words(app)
