"""The process that looks through a test set: `python -m cnnviz.index.worker FOLDER LEASE RUN SNAPSHOT IMAGES`."""

import errno
import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from cnnviz import workspace
from cnnviz.errors import CnnvizError, DataError, RunError
from cnnviz.index import store
from cnnviz.index.control import STOPPED
from cnnviz.outcome import outcome
from cnnviz.runs import lease, status
from cnnviz.runs.control import STOP

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NICE = 5
"""Pages and trainings come first."""
_PACE = 0.4
"""Seconds between two words on how far it is."""


class _StopIndexing(BaseException):
    """It has been asked to stop."""


class Indexer:
    """One index in the making: what it writes, and how it ends."""

    def __init__(self, folder: Path, descriptor: int, *, run_id: str, snapshot: str, images: int) -> None:
        self.folder = folder
        self.descriptor = descriptor
        self.run_id, self.snapshot, self.images = run_id, snapshot, images
        self.status = status.read(folder)
        self._told = 0.0

    def work(self) -> None:
        """Look through the images, keep what was found, and say in `status.json` how it ended."""
        try:
            lease.sign(self.descriptor)
            self._look_through()
        except _StopIndexing:
            self._end(state="stopped", reason=STOPPED)
        except BaseException as error:
            self._end(state="failed", reason=_in_words(error))
            with suppress(OSError):  # the log is on the same full disk
                traceback.print_exc()
        finally:
            (self.folder / STOP).unlink(missing_ok=True)

    def _look_through(self) -> None:
        import numpy as np
        import torch

        from cnnviz.data import catalogue
        from cnnviz.explore.channels.excitation import excitations
        from cnnviz.models import checkpoint
        from cnnviz.runs.run import find

        data = catalogue.load(find(self.run_id).config.data.name)
        of = self._mark(data.name)
        model, card = checkpoint.load(workspace.snapshot_file(self.run_id, self.snapshot))
        if (data.classes, data.image_shape[2]) != (card.classes, card.image_shape[2]):
            raise DataError(
                f"The data set {data.name!r} here is another one than the network was trained on: put that in its "
                "place, then look through it again."
            )
        model.to(memory_format=torch.channels_last)
        numbers = np.arange(min(self.images, len(data.test_labels)))
        start = time.monotonic()
        self._tell(state="running", reason="", steps=len(numbers))
        steps = excitations(model, card, data.test_images, data.test_labels, numbers=numbers)
        found = outcome(steps, lambda done: self._progress(done, time.monotonic() - start))
        self._tell(reason="Writing.", step=len(numbers), seconds_left=None)
        if self._mark(data.name) != of:
            raise RunError(
                f"The training has written {self.snapshot!r} anew meanwhile: look through it when the run has ended, "
                "or through a snapshot of an epoch."
            )
        store.write(store.file(self.run_id, self.snapshot), found, of=of)
        self._tell(state="finished", reason="", seconds=time.monotonic() - start)

    def _mark(self, data: str) -> str:
        return store.mark(self.run_id, self.snapshot, data)

    def _progress(self, done: int, seconds: float) -> None:
        if (self.folder / STOP).exists():
            raise _StopIndexing
        if time.monotonic() - self._told > _PACE:
            left = seconds / done * (self.status.steps - done)
            self._tell(step=done, seconds=seconds, seconds_left=left)

    def _tell(self, **changes: Any) -> None:
        """Replace the status with some of its values changed."""
        self._told = time.monotonic()
        self.status = self.status.model_copy(update={**changes, "updated": time.time()})
        status.write(self.folder, self.status, durable=False)

    def _end(self, **changes: Any) -> None:
        lease.give_reserve(self.descriptor)
        with suppress(FileNotFoundError):  # the folder was deleted: nobody is left to be told
            self._tell(**changes, seconds_left=None)


def _in_words(error: BaseException) -> str:
    text = str(error)
    if isinstance(error, CnnvizError):
        return text
    if (isinstance(error, OSError) and error.errno in _FULL) or "No space left" in text:
        return "The disk is full: make room, then look through the images again."
    if isinstance(error, MemoryError) or "out of memory" in text.lower() or "can't allocate memory" in text:
        return "Out of memory: close what else is running, then look through the images again."
    first = text.splitlines()[0][:200] if text else ""
    return f"Unexpected {type(error).__name__}{': ' if first else ''}{first} (log.txt of the index has the details)."


def main() -> None:
    """Look through what the command line names."""
    folder, descriptor = Path(sys.argv[1]), int(sys.argv[2])
    run_id, snapshot, images = sys.argv[3:]
    os.set_inheritable(descriptor, False)

    def on_signal(number: int, frame: FrameType | None) -> None:
        with suppress(OSError):
            (folder / STOP).touch()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    Indexer(folder, descriptor, run_id=run_id, snapshot=snapshot, images=int(images)).work()
    os.close(descriptor)  # the next one need not wait until torch is unloaded


if __name__ == "__main__":
    main()
