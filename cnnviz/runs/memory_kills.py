"""Whether the system has killed a process for want of memory: what its counters say, and said before."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from cnnviz.config import Strict

_CONTROL_GROUPS = Path("/sys/fs/cgroup")
_MACHINE = Path("/proc/vmstat")
_COUNT = re.compile(rb"^oom_kill (\d+)$", re.MULTILINE)


class Count(Strict):
    """What a counter of such kills said."""

    source: str
    kills: int


def count() -> Count | None:
    """The kills so far in this process's control group, else on the machine; None where the system does not tell."""
    source = _source()
    kills = _read(source) if source else None
    return None if kills is None else Count(source=str(source), kills=kills)


def risen(before: Count, *, since: float) -> bool:
    """Whether one was added after `before`, which was counted at `since` (Unix time); no, where that is not known."""
    up = time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    if time.time() - up > since:
        return False  # started anew since then, and so were the counters
    now = _read(Path(before.source))
    return now is not None and now > before.kills


@lru_cache(maxsize=1)
def _source() -> Path | None:
    return next((path for path in _sources() if _read(path) is not None), None)


def _sources() -> Iterator[Path]:
    """Files with such counters, that of the fewest processes first: of a control group (version 2, then 1)."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    for line in sorted(lines):
        _, controllers, group = line.split(":", 2)
        # In a container, the group's own folder may be what is mounted.
        if not controllers:
            yield _CONTROL_GROUPS / group.lstrip("/") / "memory.events"
            yield _CONTROL_GROUPS / "memory.events"
        elif "memory" in controllers.split(","):
            yield _CONTROL_GROUPS / "memory" / group.lstrip("/") / "memory.oom_control"
            yield _CONTROL_GROUPS / "memory" / "memory.oom_control"
    yield _MACHINE


def _read(path: Path) -> int | None:
    try:
        found = _COUNT.search(path.read_bytes())
    except OSError:
        return None
    return int(found[1]) if found else None
