"""Room for work that must leave nothing behind: a lock a data set, and temporary folders beside it."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nothing; inside the block, this process alone prepares the data set in `folder`.

    What a killed process left half-done for the same data set is swept first. The lock ends with the
    process, however it ends.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder.parent / f".{folder.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for left in folder.parent.glob(f".{folder.name}.{'[0-9a-f]' * 12}.partial"):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def temporary(folder: Path) -> Iterator[Path]:
    """An empty hidden folder beside `folder`, on the same disk; gone when the block ends, unless renamed."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    place = folder.parent / f".{folder.name}.{secrets.token_hex(6)}.partial"
    place.mkdir()
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
