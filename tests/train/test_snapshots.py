import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from cnnviz.config import Mlp, ResNet18
from cnnviz.errors import CheckpointError
from cnnviz.models import checkpoint
from cnnviz.models.checkpoint import fingerprint
from cnnviz.train.events import EpochEnded, Finished
from cnnviz.train.loop import fit
from cnnviz.train.session import Session, prepare
from cnnviz.train.snapshots import Snapshots

Make = Callable[..., Session]


@pytest.fixture
def trained(session: Make, tmp_path: Path) -> tuple[Session, dict[int, np.ndarray], Path]:
    """A run of five epochs, saved in the middle of the fifth; its first-layer weights after each epoch."""
    made, folder = session(epochs=7), tmp_path / "run"
    folder.mkdir()
    snapshots = Snapshots(folder)
    snapshots.keep(made)
    filters = {0: made.model.get_submodule("fc1").weight.detach().clone().half().numpy()}  # type: ignore[union-attr]
    for event in fit(made):
        if isinstance(event, EpochEnded):
            snapshots.keep(made)
            weight: torch.Tensor = made.model.get_submodule("fc1").weight  # type: ignore[assignment]
            filters[event.epoch] = weight.detach().clone().half().numpy()
        if made.progress.step == 5 * 6 + 3:
            snapshots.save(made)
            break
    return made, filters, folder


def again(session: Session) -> Session:
    return prepare(session.config, session.dataset, way=session.way)


def test_files(trained: tuple[Session, dict[int, np.ndarray], Path]) -> None:
    made, filters, folder = trained
    names = sorted(path.name for path in (folder / "snapshots").iterdir())
    kept = [f"epoch_{epoch:04d}.safetensors" for epoch in (0, 1, 2, 4)]
    assert names == ["best.safetensors", *kept, "last.safetensors", "last.state"]
    last, card = checkpoint.load(folder / "snapshots" / "last.safetensors")
    assert fingerprint(last.state_dict()) == fingerprint(made.model.state_dict())
    assert (card.epoch, card.step, card.data, card.classes) == (
        5,
        33,
        "tiny",
        ("one", "two", "three", "four"),
    )
    best, card = checkpoint.load(folder / "snapshots" / "best.safetensors")
    assert fingerprint(best.state_dict()) == fingerprint(made.best_weights)
    assert card.epoch == made.progress.best_epoch
    with np.load(folder / "filters.npz", allow_pickle=False) as saved:
        assert saved["epochs"].tolist() == [0, 1, 2, 3, 4, 5]
        assert saved["filters"].dtype == np.float16
        assert saved["filters"].shape == (6, 16, 3, 8, 8)
        for epoch, value in filters.items():
            np.testing.assert_array_equal(saved["filters"][epoch].reshape(16, -1), value)


def test_resume_through_files(trained: tuple[Session, dict[int, np.ndarray], Path], session: Make) -> None:
    made, filters, folder = trained
    *_, uninterrupted = fit(session(epochs=7))
    taken, snapshots = again(made), Snapshots(folder)
    assert snapshots.execution() == made.way
    snapshots.resume(taken)
    assert (taken.progress.epoch, taken.progress.step) == (5, 33)
    for event in fit(taken):
        if isinstance(event, EpochEnded):
            snapshots.keep(taken)
    assert isinstance(event, Finished)
    assert isinstance(uninterrupted, Finished)
    assert event.weights_sha256 == uninterrupted.weights_sha256
    snapshots.save(taken, resumable=False)
    assert (folder / "snapshots" / "last.state").exists()  # until the run is known to be finished
    snapshots.forget()
    assert snapshots.execution() is None
    with np.load(folder / "filters.npz") as saved:
        assert saved["epochs"].tolist() == list(range(8))
        np.testing.assert_array_equal(saved["filters"][3].reshape(16, -1), filters[3])


@pytest.mark.parametrize("fault", ["missing", "empty", "cut", "text", "folder"])
def test_lost_filters_are_no_reason_not_to_go_on(
    fault: str, trained: tuple[Session, dict[int, np.ndarray], Path]
) -> None:
    made, filters, folder = trained
    path = folder / "filters.npz"
    content = path.read_bytes()
    path.unlink()
    if fault == "folder":
        path.mkdir()
    elif fault != "missing":
        path.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "text": b"oh no"}[fault])
    taken, snapshots = again(made), Snapshots(folder)
    snapshots.resume(taken)
    if fault == "folder":
        path.rmdir()
    snapshots.save(taken)
    with np.load(path) as saved:
        assert saved["epochs"].tolist() == [0, 1, 2, 4]
        for number, epoch in enumerate(saved["epochs"]):
            np.testing.assert_array_equal(saved["filters"][number].reshape(16, -1), filters[int(epoch)])


@pytest.mark.parametrize("fault", ["empty", "cut", "other file", "other network", "no json", "folder"])
def test_a_damaged_state_is_one_line(
    fault: str, trained: tuple[Session, dict[int, np.ndarray], Path], session: Make
) -> None:
    made, _, folder = trained
    path = folder / "snapshots" / "last.state"
    content = path.read_bytes()
    path.unlink()
    tensors = {"x": torch.zeros(2)}
    match fault:
        case "empty":
            path.touch()
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "other file":
            safetensors.torch.save_file(tensors, path)
        case "other network":
            _, values = made.state()
            safetensors.torch.save_file(tensors, path, metadata={"state": json.dumps(values)})
        case "no json":
            safetensors.torch.save_file(tensors, path, metadata={"state": "{"})
        case "folder":
            path.mkdir()

    def take_up() -> None:
        snapshots = Snapshots(folder)
        if snapshots.execution():
            snapshots.resume(again(made))

    with pytest.raises(CheckpointError) as error:
        take_up()
    assert "last.state is damaged" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_best_follows_a_state_that_is_older(trained: tuple[Session, dict[int, np.ndarray], Path]) -> None:
    """Killed between writing best and state: what is saved next has to agree again."""
    made, _, folder = trained
    best = folder / "snapshots" / "best.safetensors"
    best.unlink()
    taken, snapshots = again(made), Snapshots(folder)
    snapshots.resume(taken)
    snapshots.save(taken)
    assert checkpoint.load(best)[1].epoch == made.progress.best_epoch


def test_saving_is_rare(session: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("cnnviz.train.snapshots.time.monotonic", lambda: now[0])
    snapshots, made = Snapshots(tmp_path), session()
    assert snapshots.due
    snapshots.save(made)
    now[0] += 14
    assert not snapshots.due
    now[0] += 2
    assert snapshots.due

    def slow(*_: object, **__: object) -> None:
        now[0] += 2

    monkeypatch.setattr(Snapshots, "_put", slow)
    snapshots.save(made)
    now[0] += 199
    assert not snapshots.due
    now[0] += 2
    assert snapshots.due


def test_equal_weights_are_written_once(session: Make, tmp_path: Path) -> None:
    kept, made = Snapshots(tmp_path), session()
    weights, card = made.model.state_dict(), made.card.model_copy(update={"epoch": 1})
    first, best, last = (
        tmp_path / "snapshots" / f"{name}.safetensors" for name in ("epoch_0001", "best", "last")
    )
    kept.keep_epoch(1, weights, card, np.zeros((1, 1, 1, 1), np.float16))
    kept.write(1, weights, card, best=(weights, card))
    assert first.stat().st_ino == best.stat().st_ino == last.stat().st_ino
    assert fingerprint(checkpoint.load(last)[0].state_dict()) == fingerprint(weights)

    changed = {name: value + 1 for name, value in weights.items()}  # at the same step, by whoever may
    kept.write(1, changed, card)
    assert first.stat().st_ino == best.stat().st_ino != last.stat().st_ino
    assert fingerprint(checkpoint.load(last)[0].state_dict()) == fingerprint(changed)
    assert fingerprint(checkpoint.load(first)[0].state_dict()) == fingerprint(weights)

    first.unlink()
    kept.write(1, weights, card)
    assert last.stat().st_ino == best.stat().st_ino
    for gone in (best, last):
        gone.unlink()
    kept.write(1, weights, card)
    assert checkpoint.load(last)[1] == card
    assert sorted(path.name for path in last.parent.iterdir()) == ["last.safetensors"]


def test_a_file_system_without_second_names(
    session: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("cnnviz.atomic.os.link", refuse)
    kept, made = Snapshots(tmp_path), session()
    weights = made.model.state_dict()
    kept.write(1, weights, made.card, best=(weights, made.card))
    assert len({path.stat().st_ino for path in (tmp_path / "snapshots").iterdir()}) == 2
    assert checkpoint.load(tmp_path / "snapshots" / "best.safetensors")[1] == made.card


@pytest.mark.slow
def test_at_most_a_hundred_filters(session: Make, tmp_path: Path) -> None:
    for network, expected in ((Mlp(hidden=(120,)), (1, 100, 3, 8, 8)), (ResNet18(), (1, 64, 3, 3, 3))):
        folder = tmp_path / network.name
        folder.mkdir()
        snapshots, made = Snapshots(folder), session(network=network)
        snapshots.keep(made)
        snapshots.save(made, resumable=False)
        with np.load(folder / "filters.npz") as saved:
            assert saved["filters"].shape == expected
