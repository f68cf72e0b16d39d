"""The queue: runs that wait for a slot, and the one process that waits with them.

A run waits if its `status.json` says `queued`; nothing else has to agree with that. Its order and the queue's settings
are in `checkpoints/.queue/`, and so are the locks of the slots. No process belongs to a waiting run: one worker waits
for all of them, takes the first when a slot is free, and leaves another worker in its place (see `worker`).
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import NonNegativeInt, PositiveInt, ValidationError

from cnnviz import atomic, workspace
from cnnviz.config import Strict
from cnnviz.errors import ConfigError, NotFound, RunError
from cnnviz.runs import lease, process, slots, status
from cnnviz.runs.exclusive import one_at_a_time
from cnnviz.runs.run import Run
from cnnviz.runs.status import State, Status

WORKER = "cnnviz.runs.worker"


class Settings(Strict):
    """`checkpoints/.queue/settings.json`."""

    format: int = 1
    paused: bool = False
    """Whether no run starts; those that train go on."""
    slots: PositiveInt | None = None
    """Runs that train at once; None for one a GPU, or one."""
    order: tuple[str, ...] = ()
    """Runs that were moved, and those that were before them then; all others come after, the longest waiting first."""

    @property
    def count(self) -> int:
        """Runs that may train at once."""
        return self.slots or slots.default()


def folder() -> Path:
    """Where the queue keeps what belongs to no run."""
    return workspace.checkpoints_root() / ".queue"


def settings() -> Settings:
    """The queue's settings; the default ones if there are none, or if they can't be read."""
    try:
        return Settings.model_validate_json((folder() / "settings.json").read_bytes())
    except (OSError, ValidationError):
        return Settings()


def waiting() -> list[Run]:
    """Runs that wait, the next one first."""
    order = {name: place for place, name in enumerate(settings().order)}
    found = [(order.get(run.id, len(order)), run.status().updated, run.id, run) for run in _saying("queued")]
    return [run for *_, run in sorted(found, key=lambda one: one[:3])]


def training() -> list[Run]:
    """Runs that have a slot, in no particular order."""
    return list(_saying("running"))


def active() -> Iterator[Run]:
    """Runs that train, then those that wait."""
    yield from _saying("running")
    yield from _saying("queued")


def position(run: Run) -> str:
    """When it is the turn of a run that waits, in words; nothing if it does not wait."""
    names = [other.id for other in waiting()]
    if run.id not in names:
        return ""
    if settings().paused:
        return "Waits: the queue is paused."
    place = names.index(run.id)
    if place:
        return f"Waits: {place:,} {'run is' if place == 1 else 'runs are'} before it."
    return "Waits: it is the next."


def pause() -> None:
    """Start no more runs; those that train go on."""
    with one_at_a_time():
        _change(paused=True)


def unpause() -> None:
    """Start runs again."""
    with one_at_a_time():
        _change(paused=False)
        dispatch()


def set_slots(count: int | None) -> None:
    """Let so many runs train at once; None for the default. Those that train already go on.

    Raises ConfigError for less than one.
    """
    if count is not None and count < 1:
        raise ConfigError("The queue needs a slot at least: pause it to start nothing.")
    with one_at_a_time():
        _change(slots=count)
        dispatch()


def move(run_id: str, place: NonNegativeInt) -> None:
    """Put a waiting run at a place in the queue, 0 for the front; beyond the end is the end.

    Raises NotFound for a run that does not wait.
    """
    with one_at_a_time():
        names = [run.id for run in waiting()]
        if run_id not in names:
            raise NotFound("waiting run", run_id, available=names)
        names.remove(run_id)
        names.insert(place, run_id)
        _change(order=tuple(names))


def cancel(runs: Sequence[Run]) -> list[Run]:
    """Take runs out of the queue; gives those that did not wait."""
    others = []
    with one_at_a_time():
        for run in runs:
            now = run.status()
            if now.state == "queued":
                reason = "Taken out of the queue; resumes from its last snapshot." if run.snapshots() else ""
                status.write(
                    run.folder,
                    now.model_copy(
                        update={
                            "state": "stopped",
                            "reason": reason or "Taken out of the queue before its turn.",
                        }
                    ),
                )
            else:
                others.append(run)
    return others


def add(run: Run, first: Status) -> None:
    """Let a run wait for its turn. To be called inside `one_at_a_time`.

    Raises RunError, with the former status in its place, when no worker can be started.
    """
    before = status.read(run.folder)
    status.write(run.folder, first)
    try:
        dispatch()
    except RunError:
        with suppress(OSError):
            status.write(run.folder, before)
        raise


def dispatch() -> None:
    """See that a worker waits, if any run does. To be called inside `one_at_a_time`.

    Raises RunError when none can be started.
    """
    if settings().paused or lease.held(folder() / "lease") or not waiting():
        return
    first = Status(state="running", reason="Loading.", updated=time.time())
    process.start_once(folder(), WORKER, first, what="The queue's worker")


def revive() -> None:
    """As `dispatch`, for whoever looks at the queue: heals it after workers were killed, and never raises."""
    with suppress(RunError, OSError):
        if any(_lost()) or (not lease.held(folder() / "lease") and waiting()):
            with one_at_a_time():
                _write_down_lost()
                dispatch()


def take() -> tuple[Run, int] | None:
    """The first run that waits, made this process's own, and the descriptor of its lease; None if none waits.

    To be called inside `one_at_a_time`.
    """
    _write_down_lost()
    for run in waiting():
        now = Status.model_validate_json((run.folder / "status.json").read_bytes())
        with suppress(RunError):
            descriptor = process.take_over(
                run.folder, tidy=[run.folder / "snapshots"], what=f"The run {run.id}"
            )
            lease.name(descriptor, os.getpid())
            starting = {"state": "running", "reason": "Loading.", "updated": time.time()}
            status.write(run.folder, now.model_copy(update=starting))
            return run, descriptor
    return None


def _change(**changes: object) -> None:
    """Replace some of the settings. Raises RunError when they can't be written."""
    try:
        folder().mkdir(exist_ok=True)
        text = settings().model_copy(update=changes).model_dump_json(indent=1)
        atomic.replace(folder() / "settings.json", text.encode())
    except OSError as error:
        raise RunError(f"The queue can't be changed ({error.strerror or error}): make room.") from error


def _write_down_lost() -> None:
    """Keep how runs were found whose worker is gone: what the system says of that later may be of others.

    To be called inside `one_at_a_time`.
    """
    for run in _lost():
        with suppress(OSError):
            status.write(run.folder, run.status())


def _lost() -> Iterator[Run]:
    """Runs whose status says that they train, while nobody trains them."""
    for run, content in _mentioning("running"):
        with suppress(ValidationError):  # who edited it may mend it
            if Status.model_validate_json(content).state == "running" and run.status().state == "interrupted":
                yield run


def _saying(state: State) -> Iterator[Run]:
    """Runs whose status says so. Only what may be one is parsed: there may be a thousand others."""
    return (run for run, _ in _mentioning(state) if run.status().state == state)


def _mentioning(state: State) -> Iterator[tuple[Run, bytes]]:
    """Runs in whose `status.json` the word is, and what that says."""
    root = workspace.checkpoints_root()
    for path in root.glob("[!.]*/status.json"):
        with suppress(OSError):
            content = path.read_bytes()
            if f'"{state}"'.encode() in content:
                yield Run(path.parent.name, path.parent), content
