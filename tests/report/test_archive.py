"""A run's zip goes to another bench and back; what is not such a zip is refused, and nothing is left of it."""

import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnviz import atomic
from cnnviz.data import archive as zips
from cnnviz.errors import CnnvizError
from cnnviz.progress import finish
from cnnviz.report import archive
from cnnviz.report.importing import import_zip
from cnnviz.runs import control, lease, notes, status
from cnnviz.runs.exclusive import one_at_a_time
from cnnviz.runs.run import Run, every
from cnnviz.runs.staging import staging

Bench = Any


def npz(**arrays: Any) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


FILTERS = npz(epochs=np.arange(2), filters=np.zeros((2, 16, 3, 8, 8), np.float16))


@pytest.fixture
def run(trained: Run) -> Run:
    """A finished run with filters and a change."""
    (trained.folder / "filters.npz").write_bytes(FILTERS)
    change = {"step": 6, "setting": "learning_rate", "value": 0.01, "request": "one"}
    (trained.folder / "changes.json").write_text(json.dumps([change]))
    notes.change(trained.id, tags=["mine"], note="look")
    (trained.folder / "log.txt").write_text("from /home/somebody")
    return trained


@pytest.fixture
def packed(run: Run) -> bytes:
    """That run's zip, when the run is no longer here."""
    content = pack(run)
    control.delete(run.id)
    return content


def pack(run: Run, *snapshots: str) -> bytes:
    file = io.BytesIO()
    finish(archive.pack(run, file, snapshots=snapshots or archive.usual_snapshots(run)))
    return file.getvalue()


def taken(content: bytes) -> Run:
    return finish(import_zip(io.BytesIO(content)))


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def changed(content: bytes, files: Mapping[str, bytes | None], *, signed: bool = True) -> bytes:
    """The zip with other files; `signed` has the manifest tell of them."""
    now = {name: value for name, value in (members(content) | dict(files)).items() if value is not None}
    if signed and archive.MANIFEST not in files:
        manifest = json.loads(now[archive.MANIFEST])
        manifest["files"] = {
            name: hashlib.sha256(value).hexdigest() for name, value in now.items() if name != archive.MANIFEST
        }
        now[archive.MANIFEST] = json.dumps(manifest).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as whole:
        for name, value in now.items():
            whole.writestr(name, value)
    return file.getvalue()


def edited(name: str, edit: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        value = edit(json.loads(members(content)[name]))
        return changed(content, {name: json.dumps(value).encode()})

    return change


def with_file(name: str, content: bytes | None, *, signed: bool = True) -> Callable[[bytes], bytes]:
    return lambda whole: changed(whole, {name: content}, signed=signed)


def with_line(line: dict[str, Any] | bytes) -> Callable[[bytes], bytes]:
    text = line if isinstance(line, bytes) else json.dumps(line).encode()
    return lambda whole: changed(whole, {"metrics.jsonl": members(whole)["metrics.jsonl"] + text + b"\n"})


def left(bench: Bench) -> set[str]:
    return {path.name for path in bench.checkpoints.iterdir()} - {".lock"}


def test_there_and_back(bench: Bench, run: Run) -> None:
    before = {
        name: (run.folder / name).read_bytes() for name in archive.FILES if (run.folder / name).exists()
    }
    weights = (run.folder / "snapshots" / "last.safetensors").read_bytes()
    content = pack(run)
    assert content == pack(run), "the same run gives the same zip"
    assert set(members(content)) == {*before, archive.MANIFEST, "snapshots/last.safetensors"}
    copy = taken(content)
    assert copy.id != run.id
    assert {name: (copy.folder / name).read_bytes() for name in before} == before
    assert (copy.folder / "snapshots" / "last.safetensors").read_bytes() == weights
    control.delete(run.id)
    assert taken(content).id == run.id
    assert left(bench) == {one.id for one in every()}


def test_all_snapshots_or_one(run: Run) -> None:
    assert {name for name in members(pack(run, *run.snapshots())) if "snap" in name} == {
        "snapshots/last.safetensors",
        "snapshots/epoch_0001.safetensors",
    }


@pytest.mark.parametrize("state", ["queued", "running"])
def test_what_was_under_way_is_interrupted(bench: Bench, run: Run, state: Any) -> None:
    status.write(run.folder, run.status().model_copy(update={"state": state, "epoch": 1}))
    copy = taken(pack(run))
    now = copy.status()
    assert (now.state, now.epoch) == ("interrupted", 1)
    assert "begin again" in now.reason


def test_an_id_that_is_no_name_is_replaced(packed: bytes) -> None:
    copy = taken(edited(archive.MANIFEST, lambda value: value | {"run": "../../x"})(packed))
    assert copy.id.endswith("-mlp-tiny")


def bomb(content: bytes) -> bytes:
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as whole:
        whole.writestr("snapshots/best.safetensors", b"small")
        whole.filelist[-1].file_size = 50_000_000_000
    return file.getvalue()


def with_link(content: bytes) -> bytes:
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as whole:
        info = zipfile.ZipInfo("snapshots/best.safetensors")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        whole.writestr(info, "/etc/passwd")
    return file.getvalue()


def claims_too_much() -> bytes:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f2", "fortran_order": False, "shape": (2, 10**9, 3, 8, 8)}
    )
    file = io.BytesIO(npz(epochs=np.arange(2)))
    with zipfile.ZipFile(file, "a") as whole:
        whole.writestr("filters.npy", head.getvalue())
    return file.getvalue()


STARTED = {
    "kind": "started", "device_name": "1 CPU thread", "parameters": 1, "train": 1, "validation": 1, "test": 1,
    "steps_per_epoch": 1, "classes": ["a"], "image_shape": [8, 8, 3],
    "execution": {"device": "cpu", "precision": "fp32", "memory_format": "contiguous", "compile": False},
}  # fmt: skip

AT_ONCE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "climbs": (with_file("../config.json", b"x"), "unsafe name"),
    "climbs inside": (with_file("snapshots/../../last.safetensors", b"x"), "unsafe name"),
    "absolute": (with_file("/tmp/last.safetensors", b"x"), "unsafe name"),
    "link": (with_link, "link or special file"),
    "50 GB": (bomb, "more than 2 GB: export the run with fewer snapshots"),
    "pickle": (with_file("snapshots/last.pt", b"\x80\x04"), "may be a pickle and run code"),
    "array": (with_file("filters.npy", b"x"), "may be a pickle"),
    "stranger": (with_file("card.md", b"x"), "'card.md', which no run has"),
    "state": (with_file("snapshots/last.state", b"x"), "which no run has"),
    "too deep": (with_file("snapshots/a/last.safetensors", b"x"), "which no run has"),
    "no manifest": (with_file(archive.MANIFEST, None), "holds no run"),
    "manifest": (with_file(archive.MANIFEST, b"[" * 100_000), "manifest.json is damaged"),
    "newer": (edited(archive.MANIFEST, lambda value: value | {"format": 2}), "newer cnnviz .format 2.: update"),
    "format": (edited(archive.MANIFEST, lambda value: value | {"format": "2"}), "manifest.json is damaged"),
    "extra": (with_file("snapshots/best.safetensors", b"{}", signed=False), "has an extra 'snapshots/best"),
    "lacks": (with_file("filters.npz", None, signed=False), "lacks 'filters.npz'"),
    "no config": (with_file("config.json", None), "has no config.json"),
    "long": (with_file("config.json", b" " * 4_000_001), "config.json is larger than 4 MB"),
    "no zip": (lambda whole: b"PK" + whole[2:200], "not a whole zip"),
}  # fmt: skip
IN_TIME: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "hash": (with_file("filters.npz", b"x", signed=False), "filters.npz is not what its manifest says"),
    "torn": (lambda whole: whole.replace(FILTERS[:40], b"x" * 40), "damaged at 'filters.npz'"),
    "config": (with_file("config.json", b"{"), "config.json is no run's"),
    "setting": (
        edited("config.json", lambda value: value | {"config": value["config"] | {"epochs": -1}}),
        "config.epochs: input should be greater than 0",
    ),
    "time": (edited("config.json", lambda value: value | {"created": 1e300}), "config.json is no run's"),
    "status": (with_file("status.json", b"[]"), "status.json is damaged"),
    "changes": (with_file("changes.json", b'[{"step": 1}]'), "changes.json is damaged"),
    "notes": (with_file("notes.json", b'{"tags": [1]}'), "notes.json is damaged"),
    "line": (with_line(b"\x00"), "Line 4 of the zip's metrics.jsonl"),
    "kind": (with_line({"kind": "other"}), "Line 4"),
    "figure": (with_line({"kind": "step", "step": "x"}), "Line 4"),
    "classes": (with_line(STARTED | {"steps_per_epoch": 0}), "Line 4"),
    "by class": (
        lambda whole: changed(whole, {"metrics.jsonl": json.dumps(STARTED).encode() + b"\n"
                                      + members(whole)["metrics.jsonl"].splitlines()[-1] + b"\n"}),
        "Line 2",
    ),
    "nothing started": (
        lambda whole: changed(whole, {"metrics.jsonl": members(whole)["metrics.jsonl"].splitlines()[-1] + b"\n"}),
        "Line 1",
    ),
    "filters": (with_file("filters.npz", b"x"), "holds no filters"),
    "objects": (
        with_file("filters.npz", npz(epochs=np.arange(1), filters=np.array([[[[[{}]]]]], object))), "holds no filters",
    ),
    "shape": (
        with_file("filters.npz", npz(epochs=np.arange(3), filters=np.zeros((2, 1, 1, 1, 1), np.float16))),
        "holds no filters",
    ),
    "kind of numbers": (
        with_file("filters.npz", npz(epochs=np.arange(2), filters=np.zeros((2, 1, 1, 1, 1), np.float32))),
        "holds no filters",
    ),
    "more arrays": (
        with_file("filters.npz", npz(epochs=np.arange(1), filters=np.zeros((1,) * 5, np.float16), x=np.zeros(1))),
        "holds no filters",
    ),
    "claims": (with_file("filters.npz", claims_too_much()), "holds no filters"),
    "weights": (with_file("snapshots/last.safetensors", b"x" * 100), "last.safetensors is damaged"),
    "pickled weights": (with_file("snapshots/last.safetensors", b"\x80\x04junk"), "is a pickle"),
    "other network": (
        edited("config.json", lambda value: value | {"config": value["config"] | {"network": {"name": "alexnet"}}}),
        "another network than its config.json",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", AT_ONCE)
def test_strangers_are_refused_before_anything_is_written(bench: Bench, packed: bytes, case: str) -> None:
    change, said = AT_ONCE[case]
    (bench.checkpoints / ".lock").unlink()
    refused(change(packed), said)
    assert not list(bench.checkpoints.iterdir())


@pytest.mark.parametrize("case", IN_TIME)
def test_what_is_wrong_inside_leaves_nothing(bench: Bench, packed: bytes, case: str) -> None:
    change, said = IN_TIME[case]
    refused(change(packed), said)
    assert not left(bench)


def refused(content: bytes, said: str) -> None:
    with pytest.raises(CnnvizError, match=said) as refusal:
        taken(content)
    assert "\n" not in str(refusal.value)


def test_more_than_is_said_is_noticed(bench: Bench, packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zips, "MAX_BYTES", 3_000)
    refused(packed, "unpacks to more than")
    with zipfile.ZipFile(io.BytesIO(packed)) as whole:
        opened = zips.Archive({("config.json",): whole.getinfo("config.json")}, whole, "stop")
        opened.read(("config.json",), limit=10**6)
        with pytest.raises(CnnvizError, match="unpacks to more"):
            [opened.read(("config.json",), limit=10**6) for _ in range(9)]


def test_who_leaves_in_between_leaves_nothing(bench: Bench, packed: bytes) -> None:
    work = import_zip(io.BytesIO(packed))
    next(work)
    assert len(left(bench)) == 1
    work.close()
    assert not left(bench)
    with one_at_a_time():
        pass


def test_others_import_and_delete_while_a_zip_unpacks(bench: Bench, packed: bytes) -> None:
    work = import_zip(io.BytesIO(packed))
    next(work)
    assert not lease.held(bench.checkpoints / ".lock")
    first = taken(packed)
    assert len(left(bench)) == 2  # what unpacks was not taken for the remains of one that was killed
    control.delete(first.id)
    another = taken(packed)
    second = finish(work)
    assert left(bench) == {another.id, second.id}
    assert another.id == first.id != second.id


def test_what_a_killed_import_left_goes_with_the_next(bench: Bench, packed: bytes) -> None:
    (bench.checkpoints / ".importing-1").mkdir()
    run = taken(packed)
    assert left(bench) == {run.id}


def test_a_full_disk_leaves_nothing(bench: Bench, packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    (bench.checkpoints / ".importing-1").mkdir()
    monkeypatch.setattr(atomic, "replace", full)
    refused(packed, "The run can't be kept .No space left on device.: make room")
    assert not left(bench)


def test_a_file_that_takes_the_place_of_another_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "run.zip"
    path.write_bytes(b"old")
    with suppress(KeyboardInterrupt), atomic.replacing(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reason_that_is_no_room_is_told_as_it_is(bench: Bench) -> None:
    with pytest.raises(CnnvizError, match=r"^The run can't be kept: odd$"), staging("The run"):
        raise RuntimeError("odd")
    with pytest.raises(CnnvizError, match="make room on the disk"), staging("The run"):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
    assert not left(bench)
