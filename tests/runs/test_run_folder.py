import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnviz import workspace
from cnnviz.config import Data, Mlp, RunConfig
from cnnviz.errors import CnnvizError, ConfigError, NotFound, RunError
from cnnviz.runs import control, network_source, queue
from cnnviz.runs import run as module
from cnnviz.runs.run import Run, create, environment, every, find


def made(title: str = "", **changes: Any) -> Run:
    return create(RunConfig(title=title, **changes), *environment())


def test_a_folder_that_says_what_was_asked_for(bench: Any) -> None:
    config = RunConfig(title="My run!", epochs=3, network=Mlp(hidden=(4,)))
    run = create(config, {"torch": "2"}, "a machine")
    assert run.folder == bench.checkpoints / run.id
    assert run.id.endswith("-my-run")
    again = find(run.id)
    assert (again.config, again.record.versions, again.record.machine) == (
        config,
        {"torch": "2"},
        "a machine",
    )
    assert abs(again.record.created - time.time()) < 60
    assert json.loads((run.folder / "config.json").read_text())["format"] == 1
    assert sorted(path.name for path in run.folder.iterdir()) == ["config.json"]


@pytest.mark.parametrize(
    ("title", "data", "ends"),
    [
        ("", "tiny", "-resnet18-tiny"),
        ("../../etc", "tiny", "-etc"),
        ("日本語", "tiny", "-resnet18-tiny"),
        ("", "../My Data", "-resnet18-my-data"),
        ("", "日本語", "-resnet18"),
        ("x" * 80, "tiny", "-" + "x" * 48),
    ],
)
def test_any_title_makes_a_plain_name(title: str, data: str, ends: str, bench: Any) -> None:
    run = made(title, data=Data(name=data))
    assert run.id.endswith(ends)
    assert run.folder.parent == bench.checkpoints
    assert find(run.id).title == (title or f"resnet18 on {data}")


def test_runs_of_one_second_have_names_of_their_own(bench: Any) -> None:
    ids = [made("same").id for _ in range(5)]
    assert len(set(ids)) == 5
    assert [run.id for run in every()] == ids[::-1]


@pytest.mark.parametrize(
    "name", ["..", ".", "", "a/b", "/etc", ".lock", "A-Run", "nothing", "x" * 200, "a\x00b", "a\nb"]
)
def test_what_is_no_run_is_not_found(name: str, bench: Any) -> None:
    made()
    with pytest.raises(NotFound, match="No run"):
        find(name)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": 1}', b"[" * 99_999, None], ids=range(8)
)
def test_a_damaged_run_is_left_out(content: bytes | None, bench: Any) -> None:
    good, bad = made("good"), made("bad")
    path = bad.folder / "config.json"
    path.unlink()
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
        with pytest.raises(RunError, match=r"can't be read: config\.json"):
            _ = find(bad.id).config
    assert [run.id for run in every()] == [good.id]


def test_other_things_in_the_folder_are_left_out(bench: Any) -> None:
    good = made("good")
    (bench.checkpoints / "empty").mkdir()
    (bench.checkpoints / "file").touch()
    for name in (".deleted-x", "Not Plain"):
        shutil.copytree(good.folder, bench.checkpoints / name)
    assert [run.id for run in every()] == [good.id]
    assert all(find(run.id) for run in every())


def test_a_run_of_a_friend(bench: Any, tmp_path: Path) -> None:
    """Copied, without a status: shown as cut short, never as running."""
    run = made("theirs")
    shutil.copytree(run.folder, bench.checkpoints / "from-a-friend")
    assert find("from-a-friend").status().state == "interrupted"


def test_no_checkpoints_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(tmp_path / "nowhere"))
    assert every() == []
    monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(tmp_path / "file" / "deeper"))
    (tmp_path / "file").touch()
    assert every() == []
    with pytest.raises(RunError, match="No run can be made"):
        made()


def test_a_folder_that_cannot_be_filled_is_removed(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.atomic, "replace", full)
    with pytest.raises(RunError, match="make room"):
        made()
    assert list(bench.checkpoints.iterdir()) == []


def test_snapshots_and_filters(bench: Any) -> None:
    run = made()
    assert run.snapshots() == []
    assert run.filters()[0].shape == (0,)
    (run.folder / "snapshots").mkdir()
    for name in ("epoch_0002", "last", "epoch_0001", "best"):
        (run.folder / "snapshots" / f"{name}.safetensors").touch()
    (run.folder / "snapshots" / "last.state").touch()
    assert run.snapshots() == ["last", "best", "epoch_0001", "epoch_0002"]
    filters = np.zeros((2, 3, 1, 5, 5), np.float16)
    np.savez(run.folder / "filters.npz", epochs=np.arange(2), filters=filters)
    assert run.filters()[1].shape == filters.shape


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"oh no", b"\x80\x04."])
def test_damaged_filters_are_one_line(content: bytes, bench: Any) -> None:
    run = made()
    (run.folder / "filters.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"delete its filters\.npz"):
        run.filters()
    whole = run.folder / "whole.npz"
    np.savez(whole, epochs=np.arange(2), filters=np.zeros((2, 3, 1, 5, 5)))
    (run.folder / "filters.npz").write_bytes(whole.read_bytes()[:-40])
    with pytest.raises(RunError, match="damaged"):
        run.filters()


def test_log(bench: Any) -> None:
    run = made()
    assert run.log() == ""
    (run.folder / "log.txt").write_bytes(b"first\n" * 500 + b"\xff last\n")
    assert run.log(2) == "first\n\ufffd last"


def test_snapshot_files_stay_inside(bench: Any) -> None:
    assert workspace.snapshot_file("a-run", "best").is_relative_to(bench.checkpoints / "a-run")
    for run, snapshot in (("..", "last"), ("a", "../x"), ("a", ""), ("a/b", "last")):
        with pytest.raises(ConfigError):
            workspace.snapshot_file(run, snapshot)


def test_a_run_has_a_state_when_it_can_be_found(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lists runs in that moment would see one that was interrupted before it began."""
    seen: list[str] = []
    monkeypatch.setattr(queue, "add", lambda run, first: seen.append(run.status().state))
    control.start(RunConfig(data=Data(name="digits"), network=Mlp()))
    assert seen == ["queued"]


@pytest.mark.parametrize("name", ["a" * 300, "é" * 200])
def test_a_name_that_no_file_can_have_is_not_found(name: str, bench: Any) -> None:
    with pytest.raises(CnnvizError):
        network_source.source(name)


def test_what_is_no_file_is_no_snapshot_and_no_figure(bench: Any) -> None:
    made = create(RunConfig(data=Data(name="digits"), network=Mlp()), *environment())
    (made.folder / "snapshots").mkdir()
    (made.folder / "snapshots" / "best.safetensors").symlink_to("best.safetensors")
    (made.folder / "metrics.jsonl").mkdir()
    assert made.snapshots() == []
    assert made.metrics().epochs == []
