"""Work in a process of its own, as that process sees it: says how far it is, looks whether to stop, and how it ended.

`process` starts and stops it.
"""

import os
import signal
import sys
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from cnnviz import failure
from cnnviz.progress import Progress, Result, Work, finish
from cnnviz.runs import lease, memory_kills, status
from cnnviz.runs.process import STOP, STOPPED
from cnnviz.runs.status import IfKilled

_PACE = 0.4
"""Seconds between two words on how far it is."""


Kind = TypeVar("Kind", bound="Job")


class Stopped(BaseException):
    """The work has been asked to stop."""


class Job(ABC):
    """One piece of work: what it writes, and how it ends."""

    room: str
    """What to do where the disk is full."""
    smaller: str
    """What to do where memory is short."""

    def __init__(self, folder: Path, descriptor: int) -> None:
        self.folder = folder
        self.descriptor = descriptor
        self.status = status.read(folder)
        self.began = time.monotonic()
        self._told = 0.0

    @abstractmethod
    def do(self) -> None:
        """All of it; the last thing that it does is to say that it is finished."""

    def advice(self, error: BaseException) -> str:
        """What to do where memory is short, as far as the error says more than that."""
        return self.smaller

    def work(self) -> None:
        """Do it to its end, to a stop request or to a failure, and say in `status.json` which it was."""
        try:
            lease.sign(self.descriptor)
            self.do()
        except Stopped:
            self._end(state="stopped", reason=STOPPED)
        except BaseException as error:
            words = failure.in_words(error, room=self.room, smaller=self.advice(error))
            self._end(state="failed", reason=words)
            with suppress(OSError):  # the log is on the same full disk
                traceback.print_exc()
        finally:
            (self.folder / STOP).unlink(missing_ok=True)

    def finish(self, work: Work[Result]) -> Result:
        """What `work` comes to, with its progress in `status.json`."""
        self.began = time.monotonic()
        return finish(work, self.report)

    def report(self, progress: Progress) -> None:
        """Say how far it is, now and then. Raises Stopped if it has been asked to stop."""
        self.check()
        if time.monotonic() - self._told > _PACE:
            self.tell(durable=False, **self.progressed(progress))

    def progressed(self, progress: Progress) -> dict[str, Any]:
        """What changes in the status."""
        spent = time.monotonic() - self.began
        left = spent * (1 - progress.share) / progress.share if progress.share else None
        return {
            "state": "running",
            "reason": progress.doing,
            "step": round(progress.share * self.status.steps),
            "seconds": spent,
            "seconds_left": left,
        }

    def tell(self, *, durable: bool = True, **changes: Any) -> None:
        """Replace the status with some of its values changed."""
        self._told = time.monotonic()
        running = changes.get("state", self.status.state) == "running"
        changes |= {"updated": time.time(), "if_killed": self._if_killed() if running else None}
        self.status = self.status.model_copy(update=changes)
        status.write(self.folder, self.status, durable=durable)

    def _if_killed(self) -> IfKilled | None:
        before = memory_kills.count()
        return IfKilled(before=before, advice=self.advice(MemoryError())) if before else None

    def check(self) -> None:
        """Raise Stopped if it has been asked to stop."""
        if (self.folder / STOP).exists():
            raise Stopped

    def _end(self, **changes: Any) -> None:
        lease.give_reserve(self.descriptor)
        with suppress(FileNotFoundError):  # the folder was deleted: nobody is left to be told
            self.tell(**changes, seconds_left=None)


def main(kind: Callable[[Path, int, list[str]], Kind], *, nice: int = 0) -> Kind:
    """Do the job that the command line names: FOLDER LEASE and what `kind` is given besides. Gives it, done."""
    folder, descriptor = Path(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(descriptor, False)
    os.nice(nice)
    work = kind(folder, descriptor, sys.argv[3:])
    do(work)
    return work


def do(work: Job) -> None:
    """Do a job to its end, and give its lease back. SIGTERM asks it to stop, Ctrl-C is not for it."""

    def on_signal(number: int, frame: FrameType | None) -> None:
        with suppress(OSError):
            (work.folder / STOP).touch()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work.work()
    os.close(work.descriptor)  # the next one need not wait until torch is unloaded
