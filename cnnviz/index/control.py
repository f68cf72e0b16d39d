"""Start and stop the process that looks through a test set, and say how far it is.

It says so in `status.json` of the index's folder as a training does in its own: a step is an image.
"""

import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from cnnviz import workspace
from cnnviz.errors import NotFound, RunError
from cnnviz.runs import control, lease, status
from cnnviz.runs.run import find
from cnnviz.runs.status import Status

WORKER = "cnnviz.index.worker"


def state(run_id: str, snapshot: str) -> Status | None:
    """How the looking through goes, or how it went the last time; None if there was none."""
    folder = workspace.index_folder(run_id, snapshot)
    return status.read(folder) if (folder / "status.json").exists() else None


def start(run_id: str, snapshot: str, *, images: int) -> Status:
    """Look through the first so many test images in a process of its own, unless one is at it already.

    Raises NotFound for a run or snapshot that is not there, RunError when its folder can't be written.
    """
    run = find(run_id)
    if snapshot not in run.snapshots():
        raise NotFound("snapshot", snapshot, available=run.snapshots())
    folder = workspace.index_folder(run_id, snapshot)
    try:
        for place in (folder.parent, folder):  # never the run's own, which may be deleted just now
            place.mkdir(exist_ok=True)
        with _one_at_a_time(folder):
            now = state(run_id, snapshot)
            if now is not None and now.active:
                return now
            first = Status(state="queued", reason="Loading.", epochs=0, steps=images, updated=time.time())
            control.start_worker(
                folder, WORKER, first, run_id, snapshot, str(images), what=f"The index of {run_id}"
            )
            return first
    except OSError as error:
        raise RunError(
            f"The index of {run_id} can't be written ({error.strerror or error}): make room, or check who may "
            "write its folder."
        ) from error


def stop(run_id: str, snapshot: str, *, patience: float = 4.0) -> None:
    """End the looking through; an index that was there before stays. One that has ended is left as it is."""
    folder = workspace.index_folder(run_id, snapshot)
    now = state(run_id, snapshot)
    if now is None or not now.active:
        return
    control.stop_worker(folder, patience=patience)
    with suppress(OSError), _one_at_a_time(folder):
        now = state(run_id, snapshot)
        if now is not None and now.state == "interrupted":
            status.write(folder, now.model_copy(update={"state": "stopped", "reason": STOPPED}))


STOPPED = "Stopped on request."


def _one_at_a_time(folder: Path) -> AbstractContextManager[None]:
    return lease.locked(folder / ".lock")
