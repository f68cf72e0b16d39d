"""Start and stop the process that looks through a test set, and say how far it is: a step is an image."""

import time

from cnnviz import workspace
from cnnviz.errors import NotFound
from cnnviz.runs import process
from cnnviz.runs.run import find
from cnnviz.runs.status import Status

WORKER = "cnnviz.index.worker"


def state(run_id: str, snapshot: str) -> Status | None:
    """How the looking through goes, or how it went the last time; None if there was none."""
    return process.state(workspace.index_folder(run_id, snapshot))


def start(run_id: str, snapshot: str, *, images: int) -> Status:
    """Look through the first so many test images in a process of its own, unless one is at it already.

    Raises NotFound for a run or snapshot that is not there, RunError when its folder can't be written.
    """
    run = find(run_id)
    if snapshot not in run.snapshots():
        raise NotFound("snapshot", snapshot, available=run.snapshots())
    first = Status(state="running", reason="Loading.", steps=images, updated=time.time())
    return process.start_once(
        workspace.index_folder(run_id, snapshot), WORKER, first, run_id, snapshot, str(images),
        what=f"The index of {run_id}",
    )  # fmt: skip


def stop(run_id: str, snapshot: str, *, patience: float = 4.0) -> None:
    """End the looking through; an index that was there before stays. One that has ended is left as it is."""
    process.end(workspace.index_folder(run_id, snapshot), patience=patience)
