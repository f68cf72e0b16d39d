"""The staging folder: where a run from elsewhere is made, before it is put in its place whole."""

import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cnnviz import atomic, workspace
from cnnviz.errors import CnnvizError, RunError
from cnnviz.runs.exclusive import one_at_a_time
from cnnviz.runs.run import Run

_UNFINISHED = ".importing-"


@contextmanager
def staging(what: str) -> Iterator[Path]:
    """An empty hidden folder beside the runs; gone when the block ends, unless `settle` has put it in its place.

    Nobody else makes, starts or deletes runs meanwhile. Raises RunError, which names `what`, where there is no room.
    """
    root = workspace.checkpoints_root()
    with one_at_a_time():
        for left in root.glob(f"{_UNFINISHED}*"):  # of an import that was killed
            shutil.rmtree(left, ignore_errors=True)
        place = root / f"{_UNFINISHED}{time.time_ns()}"
        try:
            place.mkdir()
            yield place
        except CnnvizError:
            raise
        except (OSError, MemoryError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "there is no room for it"
            raise RunError(
                f"{what} can't be kept ({reason}): make room on the disk, or set CNNVIZ_CHECKPOINTS."
            ) from error
        finally:
            shutil.rmtree(place, ignore_errors=True)


def settle(place: Path, ids: Iterable[str]) -> Run:
    """The run in a staging folder, under the first id that is free."""
    run_id = next(one for one in ids if not workspace.run_folder(one).exists())
    place.rename(workspace.run_folder(run_id))
    atomic.sync_folder(place.parent)
    return Run(run_id, workspace.run_folder(run_id))
