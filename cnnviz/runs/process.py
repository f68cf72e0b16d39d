"""Work in a process of its own: a folder in which it says how far it is, holds a lease and can be asked to stop.

`job` is the other side of it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cnnviz import atomic, workspace
from cnnviz.errors import RunError
from cnnviz.runs import lease, memory, status
from cnnviz.runs.status import Status

STOP = "stop"
"""A file of this name in the folder asks its worker to stop."""
STOPPED = "Stopped on request."
_LAST_WORDS = 5.0
"""Seconds that a worker may take to leave after it has said how it ended."""


def state(folder: Path) -> Status | None:
    """How the work goes, or how it went the last time; None if there was none."""
    return status.read(folder) if (folder / "status.json").exists() else None


def start_once(folder: Path, module: str, first: Status, *arguments: str, what: str) -> Status:
    """As `start`, unless a worker is at it already: gives what state it is in. Makes the folder and the one around it.

    Raises RunError, about `what`, when the folder can't be written.
    """
    try:
        for place in (folder.parent, folder):  # never the run's own, which may be deleted just now
            place.mkdir(exist_ok=True)
        with lease.locked(folder / ".lock"):
            now = state(folder)
            if now is not None and now.active:
                return now
            start(folder, module, first, *arguments, what=what)
            return first
    except OSError as error:
        raise RunError(
            f"{what} can't be written ({error.strerror or error}): make room, or check who may write its folder."
        ) from error


def end(folder: Path, *, patience: float = 4.0) -> None:
    """Stop the work, and say so; what was there before stays. Work that has ended is left as it is."""
    now = state(folder)
    if now is None or not (now.active or now.state == "interrupted"):
        return
    if now.active:
        stop(folder, patience=patience)
    with suppress(OSError), lease.locked(folder / ".lock"):
        now = state(folder)
        if now is not None and now.state == "interrupted":
            status.write(folder, now.model_copy(update={"state": "stopped", "reason": STOPPED}))


def start(folder: Path, module: str, first: Status, *arguments: str, what: str) -> None:
    """Start `python -m MODULE FOLDER LEASE …`, detached, holding the folder's lease from before its first instruction.

    Raises RunError, about `what`, when someone holds the lease or the folder can't be written.
    """
    descriptor = take_over(folder, what=what)
    try:
        status.write(folder, first)
        with (folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, str(folder), str(descriptor), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=workspace.PACKAGES,
                env=os.environ | memory.environment() | {"PYTHONUNBUFFERED": "1"},
                start_new_session=True,
                pass_fds=[descriptor],
            )
        with suppress(OSError):
            lease.name(descriptor, process.pid)
    except OSError as error:
        raise RunError(f"{what} could not be started: {error.strerror or error}.") from error
    finally:
        os.close(descriptor)


def take_over(folder: Path, *, what: str, tidy: Iterable[Path] = ()) -> int:
    """The descriptor of a folder's lease, taken; what an earlier worker left unfinished there and in `tidy` is gone.

    Raises RunError, about `what`, when someone holds the lease or the folder can't be written.
    """
    try:
        descriptor = lease.take(folder / "lease", patience=_LAST_WORDS)
    except OSError as error:
        raise RunError(f"{what} could not be started: {error.strerror or error}.") from error
    if descriptor is None:
        raise RunError(f"{what} is already under way.")
    with suppress(OSError):
        (folder / STOP).unlink(missing_ok=True)
        for place in (folder, *tidy):
            atomic.remove_unfinished(place)
    return descriptor


def stop(folder: Path, *, patience: float) -> None:
    """Ask the worker of a folder to stop, and kill it if it has not gone within `patience` seconds."""
    path = folder / "lease"
    until = time.monotonic() + patience
    with suppress(FileNotFoundError):  # deleted just now
        (folder / STOP).touch()
    while lease.held(path) and time.monotonic() < until:
        time.sleep(0.05)
    number = lease.holder(path)
    if number is not None:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
        while lease.held(path) and time.monotonic() < until + 1:
            time.sleep(0.02)
