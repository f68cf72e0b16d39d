"""Who is at work is told by a lock, and by nothing that is written down."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from cnnviz.config import Data, Mlp, RunConfig
from cnnviz.runs import lease, status
from cnnviz.runs import run as runs
from cnnviz.runs.run import Run
from cnnviz.runs.summary import summaries
from faults.outcome import Case, Outcome, require, tally
from faults.place import place

_CONFIG = RunConfig(data=Data(name="tiny"), network=Mlp(hidden=(4,)), epochs=3)
_HOLDS = (
    "import sys\nfrom pathlib import Path\nfrom cnnviz.runs import lease\n"
    "held = lease.take(Path(sys.argv[1]))\nlease.sign(held)\nprint('held', flush=True)\nsys.stdin.read()"
)


def run(*, quick: bool) -> Outcome:
    """What a worker that died left: its id, which nobody has, or another process has by now."""
    with place():
        count = 4 if quick else 20
        return tally(
            "stale leases, ids used again",
            f"{count} leases each that name a process that is gone, and one that is alive and another's: the run is "
            "interrupted, and can be resumed",
            [*_stale(count, "gone"), *_stale(count, "another's")],
        )


def clocks(*, quick: bool) -> Outcome:
    """The clock an hour off, in either direction, while a worker lives and after it died."""
    with place():
        count = 2 if quick else 10
        return tally(
            "a clock that is an hour off",
            "a state that was written an hour ago or in an hour, by a worker that lives (running) or is gone "
            "(interrupted)",
            [*_off(count, -3600.0), *_off(count, 3600.0)],
        )


def _made(state: status.State, *, updated: float) -> Run:
    made = runs.create(_CONFIG, *runs.environment())
    status.write(
        made.folder,
        status.Status(state=state, epoch=1, epochs=3, step=6, steps=18, updated=updated),
    )
    return made


def _stale(count: int, whose: str) -> Iterator[Case]:
    for number in range(count):
        yield (
            f"{whose} {number}",
            partial(_interrupted, os.getppid() if whose != "gone" else 2**22 - 1 - number),
        )


def _interrupted(process: int) -> None:
    made = _made("running", updated=time.time())
    (made.folder / "lease").write_bytes(str(process).encode().ljust(20) + b" " * 1000)
    _is(made, "interrupted")
    descriptor = lease.take(made.folder / "lease")
    require(descriptor is not None, "its lease can't be taken")
    os.close(descriptor or 0)


def _off(count: int, seconds: float) -> Iterator[Case]:
    for number in range(count):
        yield f"{seconds:+.0f} s, {number}", partial(_lives_and_dies, seconds)


def _lives_and_dies(seconds: float) -> None:
    made = _made("running", updated=time.time() + seconds)
    with _holder(made):
        _is(made, "running")
    _is(made, "interrupted")


@contextmanager
def _holder(made: Run) -> Iterator[None]:
    """Another process holds the run's lease in this block, and is killed at its end."""
    child = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(made.folder / "lease")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert child.stdout is not None
        require(child.stdout.readline() == b"held\n", "the lease could not be taken")
        yield
    finally:
        child.kill()
        child.communicate()


def _is(made: Run, state: str) -> None:
    require(made.status().state == state, f"it is {made.status().state}, not {state}")
    (listed,) = (one for one in summaries() if one.id == made.id)
    require(listed.state == state, f"it is listed as {listed.state}, not {state}")
