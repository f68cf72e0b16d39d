"""Start, stop, resume and delete runs. Whoever asks, and however often at once, one wins."""

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress

from cnnviz.config import RunConfig
from cnnviz.errors import RunError
from cnnviz.runs import process, queue, status
from cnnviz.runs.exclusive import one_at_a_time
from cnnviz.runs.run import Run, create, environment, find
from cnnviz.runs.status import RESUMABLE, Status


def start(config: RunConfig) -> Run:
    """Make a run and let it train as soon as there is a slot.

    Raises RunError when the very same configuration is already waiting or running.
    """
    with one_at_a_time():
        if twin := _under_way(config):
            raise RunError(f"This run is already under way as {twin.id}: open it, or change the seed.")
        first = Status(state="queued", epochs=config.epochs, updated=time.time())
        run = create(config, *environment(), first=first)
        try:
            queue.add(run, first)
        except RunError:
            shutil.rmtree(run.folder, ignore_errors=True)
            raise
    return run


def resume(run_id: str) -> Run:
    """Take a stopped, failed or interrupted run up at its last snapshot.

    Raises RunError when it is finished, already under way (or another run of its configuration is) or damaged.
    """
    with one_at_a_time():
        run = find(run_id)
        _own(run, "resume")
        now = run.status()
        if now.state not in RESUMABLE:
            raise RunError(f"The run {run_id} is {now.state}: only one that was cut short can be resumed.")
        if twin := _under_way(run.config):
            raise RunError(f"The same run is under way as {twin.id}: stop that first.")
        now = now.model_copy(update={"epochs": run.config.epochs})
        queue.add(run, now.model_copy(update={"state": "queued", "reason": "", "updated": time.time()}))
    return run


def _under_way(config: RunConfig) -> Run | None:
    """A run of the very same configuration that waits or trains."""
    return next((run for run in queue.active() if run.config == config), None)


def _own(run: Run, what: str) -> None:
    """Raise RunError for a run whose loop is somebody else's."""
    if run.recorded:
        raise RunError(f"The run {run.id} is trained by a loop that is not the bench's: {what} it there.")


def stop(run_id: str, *, patience: float = 4.0) -> Status:
    """End a run, keeping its best and last snapshots; gives the state it is in then.

    A worker that does not answer within `patience` seconds is killed.
    Raises RunError when the run is not under way.
    """
    run = find(run_id)
    if not run.status().active:
        raise RunError(f"The run {run_id} is not under way: there is nothing to stop.")
    _own(run, "stop")
    if not queue.cancel([run]):
        return run.status()
    process.stop(run.folder, patience=patience)
    with one_at_a_time():
        return _stopped(find(run_id))


def stop_all(run_ids: Iterable[str]) -> None:
    """Stop several runs, those that wait before those that train; what has ended by itself is left alone."""
    for run in queue.cancel([find(name) for name in run_ids]):
        with suppress(RunError):
            stop(run.id)


def _stopped(run: Run) -> Status:
    """The state of a run that was asked to stop, after setting down why its worker is gone."""
    now = run.status()
    if now.state != "interrupted":
        return now
    now = now.model_copy(update={"state": "stopped", "reason": "Stopped; resumes from its last snapshot."})
    try:
        status.write(run.folder, now)
    except OSError as error:
        raise RunError(
            f"The run {run.id} has ended, but that can't be written down ({error.strerror}): make room."
        ) from error
    return now


def delete(run_id: str) -> None:
    """Remove a run for good.

    Raises RunError for one that is under way or came with cnnviz, NotFound for one that is not there.
    """
    with one_at_a_time():
        run = find(run_id)
        if run.shipped:
            raise RunError(f"The run {run_id} came with cnnviz and is not deleted from here.")
        if run.folder.is_symlink():
            raise RunError(f"The run {run_id} is a link to another place: remove the link by hand.")
        if run.status().active:
            raise RunError(f"The run {run_id} is under way: stop it first.")
        doomed = run.folder.with_name(f".deleted-{run_id}-{time.time_ns()}")
        try:
            run.folder.rename(doomed)
        except OSError as error:
            raise RunError(f"The run {run_id} can't be deleted: {error.strerror or error}.") from error
        for remains in doomed.parent.glob(".deleted-*"):
            shutil.rmtree(remains, ignore_errors=True)
