"""What a figure was drawn from, as SHA-256: files of runs, their weights, data sets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from cnnviz import workspace
from cnnviz.data import identity
from cnnviz.errors import NotFound, RunError
from cnnviz.runs import records
from cnnviz.runs.run import Run, find


def run_named(name: str) -> Run:
    """The run of that name: of this bench, or one whose figures came with cnnviz. Raises NotFound."""
    try:
        return find(name)
    except NotFound:
        for run in records.every():
            if run.id == name:
                return run
        raise


def of_files(run: Run, *names: str) -> dict[str, str]:
    """Files of a run's folder; those that it does not have are left out."""
    return {f"{run.id}/{name}": digest(run.folder / name) for name in names if (run.folder / name).exists()}


def of_runs(runs: Iterable[Run]) -> dict[str, str]:
    """Settings and metrics of some runs."""
    found: dict[str, str] = {}
    for run in runs:
        found |= of_files(run, "config.json", "metrics.jsonl", "changes.json")
    return found


def of_weights(run: Run, snapshot: str) -> dict[str, str]:
    """A snapshot's weights. Raises RunError where the run does not have it."""
    path = workspace.snapshot_file(run.id, snapshot)
    if not path.exists():
        raise RunError(f"The run {run.id} has no snapshot {snapshot!r}.")
    return {f"{run.id}/snapshots/{path.name}": digest(path)}


def of_data(name: str) -> dict[str, str]:
    """The arrays of a data set; nothing where it is not on this machine."""
    found = identity.contents(name)
    return {f"data set {name}": found} if found else {}


def digest(path: Path) -> str:
    """SHA-256 of a file, read again only when it has changed."""
    found = path.stat()
    return _digest(path, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(512)
def _digest(path: Path, changed: int, size: int, inode: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
