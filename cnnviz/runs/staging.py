"""The staging folder: where a run from elsewhere is made, before it is put in its place whole."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cnnviz import atomic, failure, workspace
from cnnviz.errors import CnnvizError, RunError
from cnnviz.runs import lease
from cnnviz.runs.exclusive import one_at_a_time
from cnnviz.runs.run import Run

_UNFINISHED = ".importing-"


@contextmanager
def staging(what: str) -> Iterator[Path]:
    """An empty hidden folder beside the runs; gone when the block ends, unless `settle` has put it in its place.

    Others make, start and delete runs meanwhile. Raises RunError, which names `what`, where there is no room.
    """
    root = workspace.checkpoints_root()
    with one_at_a_time():
        dead = [left for left in root.glob(f"{_UNFINISHED}*") if not lease.held(left)]
        place, descriptor = _made(root / f"{_UNFINISHED}{time.time_ns()}", what)
    try:
        for left in dead:  # of imports that were killed
            shutil.rmtree(left, ignore_errors=True)
        yield place
    except CnnvizError:
        raise
    except (OSError, MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not failure.out_of_memory(error):
            said = " ".join(str(error).split())[:200] or "for a reason that is not told"
            raise RunError(f"{what} can't be kept: {said}") from error
        raise _no_room(what, error) from error
    finally:
        os.close(descriptor)
        shutil.rmtree(place, ignore_errors=True)


def settle(place: Path, ids: Iterable[str]) -> Run:
    """The run in a staging folder, or in a folder of it, under the first id that is free."""
    with one_at_a_time():
        run_id = next(one for one in ids if not workspace.run_folder(one).exists())
        place.rename(workspace.run_folder(run_id))
    atomic.sync_folder(workspace.checkpoints_root())
    return Run(run_id, workspace.run_folder(run_id))


def _made(place: Path, what: str) -> tuple[Path, int]:
    """A new folder, and what keeps it locked, so that others see that somebody is at it."""
    try:
        place.mkdir()
        descriptor = os.open(place, os.O_RDONLY)
    except OSError as error:
        raise _no_room(what, error) from error
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return place, descriptor


def _no_room(what: str, error: BaseException) -> RunError:
    reason = getattr(error, "strerror", None) or "there is no room for it"
    return RunError(f"{what} can't be kept ({reason}): make room on the disk, or set CNNVIZ_CHECKPOINTS.")
