"""What goes wrong with a machine, in words: a full disk, too little memory, the unexpected."""

import errno

from cnnviz.errors import CnnvizError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def disk_full(error: BaseException) -> bool:
    """Whether there was no room on the disk."""
    return (isinstance(error, OSError) and error.errno in _FULL) or "No space left" in str(error)


def out_of_memory(error: BaseException) -> bool:
    """Whether there was no room in memory, of the machine or of its accelerator."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text


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
