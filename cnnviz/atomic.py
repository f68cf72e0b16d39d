"""Files that are either the old ones or the new ones, never half of each, also after a power cut."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_UMASK = os.umask(0)
os.umask(_UMASK)


def replace(path: Path, content: bytes | memoryview, *, durable: bool = True) -> None:
    """Put `content` in the place of `path`; see `replacing`."""
    with replacing(path, durable=durable) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends: written beside it, flushed to the disk, then renamed.

    What is not `durable` survives the process that wrote it, but not a power cut, and costs no wait for the disk.
    Raises OSError (disk full, say) with the old file untouched and the new one removed, as after any exception.
    """
    temporary = _beside(path)
    try:
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666 & ~_UMASK)
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def link(path: Path, source: Path) -> None:
    """Put the file `source` in the place of `path` too, a second name of the same content: nothing is written.

    For files that are only ever replaced. Raises OSError, with the old file untouched, where `source` is gone or the
    file system has no such names.
    """
    temporary = _beside(path)
    try:
        os.link(source, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)  # renaming one name of a file to another leaves both
    sync_folder(path.parent)


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed `replace` left in `folder`, where nobody writes now."""
    for path in folder.glob(".*.new"):
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` as durable as their contents."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")
