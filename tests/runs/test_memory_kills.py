"""Workers that the system kills for want of memory: said where its counters tell of it, and only there."""

import time
from pathlib import Path
from typing import Any

import pytest

from cnnviz.config import RunConfig
from cnnviz.runs import control, memory_kills, queue, status
from cnnviz.runs.memory_kills import Count
from cnnviz.runs.status import GONE, IfKilled, Status

COUNTERS = (
    "from pathlib import Path\n"
    "from cnnviz.runs import memory_kills\n"
    "memory_kills._sources = lambda: [Path({!r})]\n"
)
"""A worker's system, which counts in that file."""


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    """As in a control group."""
    path = tmp_path / "memory.events"
    path.write_text("oom 3\noom_kill 2\noom_group_kill 0\n")
    return path


def kill_one_more(counter: Path) -> None:
    counter.write_text(counter.read_text().replace("oom_kill 2", "oom_kill 3"))


def lost(folder: Path, before: Count | None, **values: Any) -> Status:
    """The status of a run whose worker is gone after saying this."""
    last = before and IfKilled(before=before, advice="take a smaller batch")
    now = Status(state="running", updated=time.time(), if_killed=last)
    status.write(folder, now.model_copy(update=values), durable=False)
    return status.read(folder)


def test_it_is_said_with_the_workers_advice(counter: Path, tmp_path: Path) -> None:
    before = Count(source=str(counter), kills=2)
    assert lost(tmp_path, before).reason == GONE
    kill_one_more(counter)
    now = lost(tmp_path, before)
    assert now.state == "interrupted"
    assert now.reason.endswith(
        "killed a process for want of memory, most likely this one: take a smaller batch."
    )


def test_it_is_not_said_where_it_is_not_known(counter: Path, tmp_path: Path) -> None:
    kill_one_more(counter)
    before = Count(source=str(counter), kills=2)
    assert lost(tmp_path, None).reason == GONE
    assert lost(tmp_path, before, updated=1.0).reason == GONE  # the machine was started anew since
    counter.unlink()
    assert lost(tmp_path, before).reason == GONE


def test_this_systems_counters_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = tmp_path / "user.slice" / "memory.events"
    machine = tmp_path / "vmstat"
    machine.write_text("nr_free_pages 5\noom_kill 7\n")
    monkeypatch.setattr(memory_kills, "_sources", lambda: iter([group, machine]))
    memory_kills._source.cache_clear()
    assert memory_kills.count() == Count(source=str(machine), kills=7)
    group.parent.mkdir()
    group.write_text("oom_kill 1\n")
    memory_kills._source.cache_clear()
    assert memory_kills.count() == Count(source=str(group), kills=1)
    memory_kills._source.cache_clear()


@pytest.mark.usefixtures("quick")
def test_a_killed_run_is_told_a_smaller_batch_and_what_it_was_told_stays(
    long: RunConfig, watch: Any, counter: Path
) -> None:
    watch.fault(COUNTERS.format(str(counter)))
    first = control.start(long)
    watch.lines(first, 3)
    watch.all(lambda: first.status().epoch)
    watch.kill(first)
    queue.revive()
    kill_one_more(counter)  # too late to have been this one
    assert first.status().reason == GONE
    second = control.start(long.model_copy(update={"seed": 1}))
    watch.all(lambda: second.status().epoch)
    watch.kill(second)
    counter.write_text(counter.read_text().replace("oom_kill 3", "oom_kill 4"))
    assert "a batch of 30 should fit where 60 did not" in second.status().reason
    assert first.status().reason == GONE
    control.resume(second.id)
    watch.all(lambda: second.status().step)
    assert second.status().reason == ""
