"""The lock of a checkpoints folder: who makes, starts or deletes runs does it alone."""

from contextlib import AbstractContextManager
from pathlib import Path

from cnnviz import workspace
from cnnviz.errors import RunError
from cnnviz.runs import lease


def one_at_a_time() -> AbstractContextManager[None]:
    """Nothing; inside the block, this process alone makes, starts or deletes runs, and changes the queue."""
    root = workspace.checkpoints_root()
    try:
        root.mkdir(parents=True, exist_ok=True)
        (root / ".lock").touch()
    except OSError as error:
        raise RunError(
            f"{root} can't be written ({error.strerror}): set CNNVIZ_CHECKPOINTS to another folder."
        ) from error
    return lease.locked(Path(root / ".lock"))
