"""What state a run is in. `status.json` says it; where it cannot be true any more, the lease corrects it."""

import time
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from cnnviz import atomic
from cnnviz.config import Strict
from cnnviz.runs import lease, memory_kills

State = Literal["queued", "running", "finished", "stopped", "failed", "interrupted"]
ACTIVE: frozenset[State] = frozenset({"queued", "running"})
RESUMABLE: frozenset[State] = frozenset({"stopped", "failed", "interrupted"})

GONE = "Its worker is gone without a word: it was killed, ran out of memory, or the machine went down."
OUT_OF_MEMORY = (
    "Its worker is gone, and since its last word the system has killed a process for want of memory, "
    "most likely this one: {}."
)


class IfKilled(Strict):
    """What is needed to say why a worker is gone that could not say it."""

    before: memory_kills.Count
    """When it last said how far it is."""
    advice: str
    """What it would say to do if memory were short."""


class Status(Strict):
    state: State
    reason: str = ""
    """Why, in words, where the state does not speak for itself; or what is being done."""
    epoch: int = 0
    """Whole epochs so far."""
    epochs: int = 0
    """Of the whole run; 0 for other work than training."""
    step: int = 0
    steps: int = 0
    """Of the whole run; 0 until known."""
    seconds: float = 0.0
    """Spent on training so far."""
    seconds_left: float | None = None
    updated: float
    """Unix time."""
    if_killed: IfKilled | None = None
    """Of a worker that is at it, where the system counts such kills."""

    @property
    def active(self) -> bool:
        """Whether a worker is at it, or will be: it waits in the queue."""
        return self.state in ACTIVE

    @property
    def current_epoch(self) -> int:
        """The epoch under way, from 1; the last one while it is tested."""
        return min(self.epoch + 1, self.epochs)

    @property
    def share(self) -> float:
        """Part of the run that is done, 0 to 1."""
        return min(1.0, self.step / self.steps) if self.steps else 0.0


def read(folder: Path) -> Status:
    """The state of the run in `folder`, as it is now and not as a dead worker left it. Who waits needs no worker."""
    status = _written(folder)
    while status is not None and status.state == "running" and not lease.held(folder / "lease"):
        # Only if the status stays the same around a look at the lease do the two belong together.
        again = _written(folder)
        if again == status:
            lost = {"state": "interrupted", "reason": _gone(status), "seconds_left": None, "if_killed": None}
            return status.model_copy(update=lost)
        status = again
    if status is None:
        alive = lease.held(folder / "lease")
        state: State = "running" if alive else "interrupted"
        return Status(state=state, reason="" if alive else GONE, epochs=0, updated=time.time())
    return status


def _gone(status: Status) -> str:
    """Why the worker is gone, as far as that is known."""
    last = status.if_killed
    if last is not None and memory_kills.risen(last.before, since=status.updated):
        return OUT_OF_MEMORY.format(last.advice)
    return GONE


def _written(folder: Path) -> Status | None:
    try:
        return Status.model_validate_json((folder / "status.json").read_bytes())
    except (OSError, ValidationError):
        return None


def write(folder: Path, status: Status, *, durable: bool = True) -> None:
    """Replace the status; progress, which is soon written again, need not be durable.

    Raises OSError when the disk is full.
    """
    atomic.replace(folder / "status.json", status.model_dump_json(indent=1).encode(), durable=durable)
