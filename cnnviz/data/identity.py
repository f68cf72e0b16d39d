"""Which data set a result is of: a name may be used again, contents tell."""

import hashlib
from functools import lru_cache
from pathlib import Path

from cnnviz.data import catalogue
from cnnviz.errors import ConfigError
from cnnviz.workspace import dataset_folder

_FILES = ("train_images.npy", "train_labels.npy", "test_images.npy", "test_labels.npy", "dataset.json")


def identity(name: str) -> str:
    """The data set `name` as one word for marks: of the catalogue's the name, which is never given to others.

    To other names the digest of the contents is added; where they are not on this machine, only @.
    """
    if not name or name in catalogue.entries():
        return name
    return f"{name}@{contents(name)[:16]}"


def contents(name: str) -> str:
    """SHA-256 of the arrays of a data set; empty where they are not on this machine."""
    try:
        folder = dataset_folder(name)
        found = [(folder / file).stat() for file in _FILES]
        return _digest(folder, tuple((one.st_mtime_ns, one.st_size, one.st_ino) for one in found))
    except (ConfigError, OSError):
        return ""


@lru_cache(64)
def _digest(folder: Path, state: tuple[tuple[int, int, int], ...]) -> str:
    found = hashlib.sha256()
    for name in _FILES:
        with open(folder / name, "rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()
