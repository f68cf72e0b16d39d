"""What goes wrong with a machine, in words: a full disk, too little memory, the unexpected."""

import errno
import os
import re

from cnnviz.errors import CnnvizError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SIZE = r"([\d.]+) ?(bytes|[KMGT]iB)"
_UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_LARGEST = 1 / 4
"""Of the memory: what one array of a training step may take, as it needs several of that size."""


def disk_full(error: BaseException) -> bool:
    """Whether there was no room on the disk."""
    return (isinstance(error, OSError) and error.errno in _FULL) or "No space left" in str(error)


def out_of_memory(error: BaseException) -> bool:
    """Whether there was no room in memory, of the machine or of its accelerator."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text


def smaller_batch(batch: int, error: BaseException) -> int | None:
    """A batch size that should fit where a step of `batch` images did not; None where one image did not.

    Half of it; less, where the array for which there was no room is so large that half of it would be too much as well:
    PyTorch says how large it was, and how large the accelerator's memory is.
    """
    text = str(error)
    tried, there = _size(rf"tried to allocate {_SIZE}", text), _size(rf"total capacity of {_SIZE}", text)
    there = there or _memory()
    smaller = batch // 2
    while smaller > 1 and tried and there and tried * smaller / batch > _LARGEST * there:
        smaller //= 2
    return smaller or None


def _size(pattern: str, text: str) -> float | None:
    """Bytes that a message tells of."""
    found = re.search(pattern, text, re.IGNORECASE)
    return float(found[1]) * _UNITS[found[2]] if found else None


def _memory() -> int | None:
    """Bytes of this machine's memory, where the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def in_words(error: BaseException, *, room: str, smaller: str) -> str:
    """One line for what ended a process, with what to do where the disk was full, and where memory was short."""
    text = str(error)
    if isinstance(error, CnnvizError):
        return text
    if disk_full(error):
        return f"The disk is full: {room}."
    if out_of_memory(error):
        return f"Out of memory: {smaller}."
    first = text.splitlines()[0][:200] if text else ""
    return f"Unexpected {type(error).__name__}{': ' if first else ''}{first} (the log has the details)."
