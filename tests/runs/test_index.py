"""The index of a test set: made by a worker that is killed, stopped, or runs out of what it needs."""

import os
import shutil
import signal
import threading
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnviz import workspace
from cnnviz.config import Cnn, RunConfig
from cnnviz.data import catalogue
from cnnviz.errors import CheckpointError, CnnvizError, LayerNotFound, NotFound
from cnnviz.explore.channels.excitation import Excitation, excitations
from cnnviz.index import control, store
from cnnviz.models import checkpoint, registry
from cnnviz.models.checkpoint import Card
from cnnviz.progress import finish
from cnnviz.runs import control as deleting
from cnnviz.runs import lease, process
from cnnviz.runs import run as running
from cnnviz.runs.run import Run
from cnnviz.runs.status import GONE

pytestmark = pytest.mark.slow

SLOWLY = (
    "import time, cnnviz.explore.channels.excitation as m\n"
    "m._PIXELS, plain = 8 * 64, m._Tallies.begin\n"
    "m._Tallies.begin = lambda *what: (time.sleep(%s), plain(*what))[1]\n"
)


@pytest.fixture
def run(tiny_data: str, tiny_config: RunConfig, quick: None) -> Run:
    """A run with the weights of a small network, under two names."""
    config = tiny_config.model_copy(update={"network": Cnn(convs=(4,), pool_after=())})
    run = running.create(config, *running.environment())
    (run.folder / "snapshots").mkdir()
    card = Card(
        network=config.network, image_shape=(8, 8, 3), classes=("one", "two", "three", "four"), mean=(0.5,) * 3,
        std=(0.25,) * 3, data=tiny_data, epoch=0, step=0,
    )  # fmt: skip
    model = registry.build(config.network, image_shape=(8, 8, 3), classes=4)
    for name in ("last", "epoch_0001"):
        checkpoint.save(run.folder / "snapshots" / f"{name}.safetensors", model.state_dict(), card)
    return run


def ended(run: Run, watch: Any, *, snapshot: str = "last") -> Any:
    """The last word on an index, once there is one."""
    now = watch.all(lambda: (now := control.state(run.id, snapshot)) and not now.active and now)
    watch.all(lambda: not lease.held(folder(run, snapshot) / "lease"))
    return now


def folder(run: Run, snapshot: str = "last") -> Path:
    return workspace.index_folder(run.id, snapshot)


def found(run: Run) -> store.Index | None:
    return store.artifact(run.id, "last", "tiny").load()


def change(path: Path) -> None:
    """Put other weights in the place of a snapshot's."""
    card, weights = checkpoint.read(path)
    checkpoint.save(path, {name: value + 0.1 for name, value in weights.items()}, card)


def made(run: Run, watch: Any, *, images: int = 60) -> store.Index:
    """The index, made from its first to its last word."""
    control.start(run.id, "last", images=images)
    now = ended(run, watch)
    assert (now.state, now.step, now.steps) == ("finished", images, images), now.reason
    index = found(run)
    assert index is not None
    return index


def test_it_is_what_looking_through_gives(run: Run, watch: Any) -> None:
    assert control.state(run.id, "last") is None
    assert found(run) is None
    index = made(run, watch, images=40)
    assert index.images == 40
    assert {path.name for path in folder(run).iterdir()} == {
        "index.npz", "status.json", "lease", "log.txt", ".lock"
    }  # fmt: skip
    model, card = checkpoint.load(workspace.snapshot_file(run.id, "last"))
    data = catalogue.load("tiny")
    expected = finish(excitations(model, card, data.test_images, data.test_labels, numbers=range(40)))
    assert set(index.layers) == set(expected)
    for name, one in expected.items():
        read = store.layer(index, name)
        assert read is not None
        for field in fields(Excitation):
            assert getattr(read, field.name) == pytest.approx(getattr(one, field.name), abs=1e-5, nan_ok=True)
        assert read.strongest(0)[0].image == one.strongest(0)[0].image
    with pytest.raises(LayerNotFound, match="conv9"):
        store.layer(index, "conv9")


def test_of_those_who_start_at_once_one_does(run: Run, watch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.fault(SLOWLY % 0.1)
    hired, plain = [], process.subprocess.Popen

    def start_worker(*what: Any, **how: Any) -> Any:
        hired.append(what)
        return plain(*what, **how)

    monkeypatch.setattr(process.subprocess, "Popen", start_worker)
    tabs = [
        threading.Thread(target=control.start, args=(run.id, "last"), kwargs={"images": 60}) for _ in range(6)
    ]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert len(hired) == 1
    assert ended(run, watch).state == "finished"
    assert len(hired) == 1


def test_killed_it_leaves_what_was_there_and_starts_over(run: Run, watch: Any) -> None:
    made(run, watch, images=20)
    watch.fault(SLOWLY % 0.1)
    control.start(run.id, "last", images=60)
    watch.all(lambda: control.state(run.id, "last").step)
    os.kill(lease.holder(folder(run) / "lease"), signal.SIGKILL)
    now = ended(run, watch)
    assert (now.state, now.reason) == ("interrupted", GONE)
    assert found(run).images == 20
    watch.fault("")
    assert made(run, watch).images == 60


@pytest.mark.parametrize("how", ["asked", "signal", "stuck"])
def test_stopped_it_says_so(run: Run, watch: Any, how: str) -> None:
    watch.fault(SLOWLY % (600 if how == "stuck" else 0.1))
    control.start(run.id, "last", images=60)
    watch.all(lambda: control.state(run.id, "last").reason != "Loading.")
    if how == "signal":
        os.kill(lease.holder(folder(run) / "lease"), signal.SIGTERM)
    else:
        control.stop(run.id, "last", patience=0.2 if how == "stuck" else 30)
    now = ended(run, watch)
    assert (now.state, now.reason) == ("stopped", process.STOPPED)
    assert found(run) is None
    control.stop(run.id, "last")  # nothing to stop
    watch.fault("")
    assert made(run, watch).images == 60


@pytest.mark.parametrize("limit", [9_000, 70_000])
def test_on_a_full_disk_nothing_is_torn(run: Run, watch: Any, limit: int) -> None:
    made(run, watch, images=20)
    before = (folder(run) / "index.npz").read_bytes()
    watch.fault(
        f"import resource, cnnviz.explore.channels.excitation as m; m.KEPT = 1_000\n"
        "import cnnviz.index.store as k; plain = k.IndexCodec.encode\n"
        f"k.IndexCodec.encode = lambda *a: (resource.setrlimit(resource.RLIMIT_FSIZE, ({limit},) * 2), plain(*a))[1]\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    )
    control.start(run.id, "last", images=60)
    now = ended(run, watch)
    assert (now.state, now.reason) == (
        "failed", "The disk is full: make room for index.npz, then try again."
    )  # fmt: skip
    assert (folder(run) / "index.npz").read_bytes() == before
    assert not list(folder(run).glob(".*.new"))
    assert found(run).images == 20


def test_a_start_on_a_full_disk_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(process.status, "write", full)
    with pytest.raises(CnnvizError, match="No space left"):
        control.start(run.id, "last", images=60)
    assert not lease.held(folder(run) / "lease")


def test_of_other_weights_it_is_not_shown(run: Run, watch: Any) -> None:
    made(run, watch)
    path = workspace.snapshot_file(run.id, "last")
    shutil.copyfile(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").replace(path)
    assert found(run) is not None  # the same, in another file
    assert store.artifact(run.id, "epoch_0001", "tiny").load() is None
    change(path)
    assert found(run) is None
    made(run, watch)
    images = workspace.dataset_folder("tiny") / "test_images.npy"
    np.save(images, 255 - np.load(images))
    assert found(run) is None
    path.unlink()
    with pytest.raises(CheckpointError, match="no snapshot 'last'"):
        found(run)


def test_weights_written_anew_meanwhile_are_said(run: Run, watch: Any) -> None:
    watch.fault(SLOWLY % 0.1)
    control.start(run.id, "last", images=60)
    watch.all(lambda: control.state(run.id, "last").step)
    change(workspace.snapshot_file(run.id, "last"))
    now = ended(run, watch)
    assert now.state == "failed"
    assert "has written 'last' anew meanwhile" in now.reason
    assert found(run) is None


def test_a_damaged_one_is_none(run: Run, watch: Any) -> None:
    index = made(run, watch)
    path = store.artifact(run.id, "last", "tiny").path
    whole = path.read_bytes()
    for torn in (b"", whole[:100], whole[: len(whole) // 2], b"PK" + bytes(500)):
        path.write_bytes(torn)
        assert found(run) is None
        assert store.layer(index, "conv1") is None
    path.unlink()
    assert store.layer(index, "conv1") is None


def test_a_run_that_is_deleted_under_it(run: Run, watch: Any) -> None:
    watch.fault(SLOWLY % 0.1)
    control.start(run.id, "last", images=60)
    process = watch.all(lambda: lease.holder(folder(run) / "lease"))
    deleting.delete(run.id)
    watch.all(lambda: not Path(f"/proc/{process}").exists())
    assert not run.folder.exists()
    with pytest.raises(NotFound):
        control.start(run.id, "last", images=60)
    assert not run.folder.exists()


@pytest.mark.parametrize("fault", ["gone", "half", "other"])
def test_without_its_images_it_says_why(run: Run, watch: Any, bench: Any, fault: str) -> None:
    data = bench.data / "tiny"
    if fault == "gone":
        shutil.rmtree(data)
    elif fault == "half":
        (data / "test_images.npy").unlink()
    else:
        about = data / "dataset.json"
        about.write_text(about.read_text().replace('"four"', '"five"'))
    control.start(run.id, "last", images=60)
    now = ended(run, watch)
    words = {"gone": "No data set 'tiny'", "half": "test_images.npy is missing", "other": "is another one"}
    assert now.state == "failed"
    assert words[fault] in now.reason
    assert len(now.reason.splitlines()) == 1


def test_what_is_not_there_can_not_be_looked_through(run: Run) -> None:
    with pytest.raises(NotFound):
        control.start(run.id, "epoch_0009", images=60)
    with pytest.raises(NotFound):
        control.start("nothing", "last", images=60)
    control.stop(run.id, "last")
