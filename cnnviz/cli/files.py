"""Files that the user names: read within bounds, written whole, and never over another by accident."""

from collections.abc import Sequence
from pathlib import Path

import typer

from cnnviz import atomic
from cnnviz.errors import CnnvizError
from cnnviz.failure import disk_full

LARGEST = 64_000_000
"""Bytes of a picture or a configuration that is read."""


def content(path: Path, *, what: str) -> bytes:
    """The bytes of a file. Raises CnnvizError when it is not a file, can't be read or is too large."""
    if not path.is_file():
        raise CnnvizError(f"There is no {what} {path}: check the path.")
    try:
        if path.stat().st_size > LARGEST:
            raise CnnvizError(f"{path} is larger than {LARGEST // 10**6} MB: choose another {what}.")
        return path.read_bytes()
    except OSError as error:
        raise CnnvizError(f"{path} can't be read ({error.strerror}): check who may read it.") from None


def destination(path: Path, *, suffixes: Sequence[str], force: bool, option: str = "--out") -> Path:
    """Where to write: `path` with links followed.

    Raises CnnvizError when something is there already (with `force`, only if it is no plain file) or its
    folder is not; typer's usage error for another ending.
    """
    if path.suffix.lower() not in suffixes:
        raise typer.BadParameter(f"{path.name!r} has to end in {' or '.join(suffixes)}.", param_hint=option)
    if path.exists() and not path.is_file():
        raise CnnvizError(f"{path} is not a file: choose another name.")
    if path.exists() and not force:
        raise CnnvizError(f"{path} is there already: choose another name, or add --force.")
    if not path.parent.is_dir():
        raise CnnvizError(f"There is no folder {path.parent}: make it first, or choose another.")
    return path.resolve()


def write(path: Path, whole: bytes) -> None:
    """Write all of it or nothing. Raises CnnvizError when the disk is full or can't be written."""
    try:
        atomic.replace(path, whole)
    except OSError as error:
        if disk_full(error):
            raise CnnvizError(f"The disk is full: make room for {path}, then try again.") from None
        raise CnnvizError(f"{path} can't be written ({error.strerror}): choose another folder.") from None
