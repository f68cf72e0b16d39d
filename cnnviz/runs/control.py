"""Start, stop, resume and delete runs. Whoever asks, and however often at once, one wins."""

import shutil
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from cnnviz import workspace
from cnnviz.config import RunConfig
from cnnviz.errors import RunError
from cnnviz.runs import lease, process, status
from cnnviz.runs.run import Run, create, environment, every, find
from cnnviz.runs.status import RESUMABLE, Status


def start(config: RunConfig) -> Run:
    """Make a run and give it a worker of its own; it waits in line while another trains.

    Raises RunError when the very same configuration is already waiting or running.
    """
    with one_at_a_time():
        for run in every():
            if run.config == config and run.status().active:
                raise RunError(f"This run is already under way as {run.id}: open it, or change the seed.")
        run = create(config, *environment())
        try:
            _hire(run, Status(state="queued", epochs=config.epochs, updated=time.time()))
        except RunError:
            shutil.rmtree(run.folder, ignore_errors=True)
            raise
    return run


def resume(run_id: str) -> Run:
    """Take a stopped, failed or interrupted run up at its last snapshot.

    Raises RunError when it is finished, already under way or damaged.
    """
    with one_at_a_time():
        run = find(run_id)
        now = run.status()
        if now.state not in RESUMABLE:
            raise RunError(f"The run {run_id} is {now.state}: only one that was cut short can be resumed.")
        now = now.model_copy(update={"epochs": run.config.epochs})
        _hire(run, now.model_copy(update={"state": "queued", "reason": "", "updated": time.time()}))
    return run


def stop(run_id: str, *, patience: float = 4.0) -> Status:
    """End a run, keeping its best and last snapshots; gives the state it is in then.

    A worker that does not answer within `patience` seconds is killed.
    Raises RunError when the run is not under way.
    """
    run = find(run_id)
    if not run.status().active:
        raise RunError(f"The run {run_id} is not under way: there is nothing to stop.")
    process.stop(run.folder, patience=patience)
    with one_at_a_time():
        return _stopped(find(run_id))


def stop_all(run_ids: Iterable[str]) -> None:
    """Stop several runs, the last ones in line first; those that have ended by themselves are left alone."""
    runs = [run for run in map(find, run_ids) if run.status().active]
    for run in runs:  # all are told before the first is waited for, so that none gets its turn
        with suppress(FileNotFoundError):
            (run.folder / process.STOP).touch()
    for run in sorted(runs, key=lambda one: one.record.created, reverse=True):
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


def _hire(run: Run, first: Status) -> None:
    """Start a worker that holds the run's lease from before its first instruction."""
    process.start(
        run.folder, "cnnviz.runs.worker", first, what=f"The run {run.id}", tidy=[run.folder / "snapshots"]
    )


def one_at_a_time() -> AbstractContextManager[None]:
    """Nothing; inside the block, this process alone makes, starts or deletes runs."""
    root = workspace.checkpoints_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        (root / ".lock").touch()
    except OSError as error:
        raise RunError(
            f"{root} can't be written ({error.strerror}): set CNNVIZ_CHECKPOINTS to another folder."
        ) from error
    return lease.locked(Path(root / ".lock"))
