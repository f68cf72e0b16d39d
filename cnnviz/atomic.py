"""Files that are either the old ones or the new ones, never half of each, also after a power cut."""

import os
import threading
from pathlib import Path

_UMASK = os.umask(0)
os.umask(_UMASK)


def replace(path: Path, content: bytes | memoryview, *, durable: bool = True) -> None:
    """Put `content` in the place of `path`: written beside it, flushed to the disk, then renamed.

    What is not `durable` survives the process that wrote it, but not a power cut, and costs no wait for the disk.
    Raises OSError (disk full, say) with the old file untouched and the new one removed.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666 & ~_UMASK)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
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
