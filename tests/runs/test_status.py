import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnviz.runs import lease, status
from cnnviz.runs.status import Status


def at(state: str, **values: object) -> Status:
    return Status.model_validate({"state": state, "epochs": 4, "updated": 1.0} | values)


@pytest.mark.parametrize("state", ["finished", "stopped", "failed", "interrupted"])
@pytest.mark.parametrize("alive", [True, False])
def test_a_last_word_is_believed(state: str, alive: bool, tmp_path: Path) -> None:
    descriptor = lease.take(tmp_path / "lease") if alive else None
    status.write(tmp_path, at(state, reason="because"))
    assert status.read(tmp_path) == at(state, reason="because")
    if descriptor is not None:
        os.close(descriptor)


def test_a_run_that_trains_needs_a_living_worker(tmp_path: Path) -> None:
    descriptor = lease.take(tmp_path / "lease")
    assert descriptor is not None
    status.write(tmp_path, at("running", step=7, seconds_left=3.0))
    assert status.read(tmp_path) == at("running", step=7, seconds_left=3.0)
    os.close(descriptor)
    now = status.read(tmp_path)
    assert (now.state, now.step, now.seconds_left) == ("interrupted", 7, None)
    assert "killed" in now.reason


def test_a_run_that_waits_needs_none(tmp_path: Path) -> None:
    status.write(tmp_path, at("queued"))
    assert status.read(tmp_path) == at("queued")
    assert status.read(tmp_path).active


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"state": "running"}', b"\xff"])
def test_missing_and_torn(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "status.json").write_bytes(content)
    assert status.read(tmp_path).state == "interrupted"
    descriptor = lease.take(tmp_path / "lease")
    assert status.read(tmp_path).state == "running"
    assert descriptor is not None
    os.close(descriptor)
    assert status.read(tmp_path / "gone").state == "interrupted"


def during_the_look(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once, just after the lease was looked at."""
    held, done = lease.held, []

    def look(path: Path) -> bool:
        found = held(path)
        if not done:
            done.append(True)
            happens()
        return found

    monkeypatch.setattr(lease, "held", look)


def test_a_worker_that_finishes_during_the_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status.write(tmp_path, at("running"))
    during_the_look(monkeypatch, lambda: status.write(tmp_path, at("finished")))
    assert status.read(tmp_path).state == "finished"


def test_a_worker_that_is_hired_during_the_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hired: list[int | None] = []

    def start_worker() -> None:
        hired.append(lease.take(tmp_path / "lease"))
        status.write(tmp_path, at("running", updated=2.0))

    status.write(tmp_path, at("running"))
    during_the_look(monkeypatch, start_worker)
    assert status.read(tmp_path) == at("running", updated=2.0)
    assert hired[0] is not None
    os.close(hired[0])


def test_a_status_that_vanishes_during_the_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status.write(tmp_path, at("running"))
    during_the_look(monkeypatch, (tmp_path / "status.json").unlink)
    assert status.read(tmp_path).state == "interrupted"


def test_share() -> None:
    assert at("running").share == 0
    assert at("running", step=1, steps=4).share == 0.25
    assert at("running", step=5, steps=4).share == 1
    assert at("running").active
    assert not at("failed").active
    assert time.time() > at("running").updated
