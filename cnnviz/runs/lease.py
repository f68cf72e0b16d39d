"""Proof of life: the worker of a run holds a lock on `lease`, which the system frees when it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RESERVE = 1 << 16
"""Bytes that a full disk can give back, enough to write down why the run failed."""
_NAME = 20


def take(path: Path, *, patience: float = 0.5) -> int | None:
    """A locked descriptor of `path` (made if need be) that a child process can inherit; None if it is held.

    `patience` is in seconds: someone may be looking (`held`) just now.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(descriptor)
                return None
            time.sleep(0.01)
        else:
            os.ftruncate(descriptor, 0)  # the id of an earlier holder may be another process's by now
            return descriptor


def sign(descriptor: int) -> None:
    """Write this process's id into the lease, and reserve some space on the disk."""
    name(descriptor, os.getpid())
    os.pwrite(descriptor, b" " * (_RESERVE - _NAME), _NAME)


def name(descriptor: int, process: int) -> None:
    """Write the id of the holder into the lease."""
    os.pwrite(descriptor, str(process).encode().ljust(_NAME), 0)


def give_reserve(descriptor: int) -> None:
    """Free the reserved space."""
    os.ftruncate(descriptor, _NAME)


def release(descriptor: int) -> None:
    """Let others take the lease, though the descriptor stays open."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def held(path: Path) -> bool:
    """Whether a living process holds the lease."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def holder(path: Path) -> int | None:
    """Process id of the lease's holder; None if nobody holds it or it has not signed yet."""
    if not held(path):
        return None
    text = path.read_bytes()[:_NAME].split()
    return int(text[0]) if text and text[0].isdigit() else None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` alone for the length of the block; waits for others."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
