"""The index of a test set on the disk: one file, whole or absent, of which a layer is read at a time."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from cnnviz import atomic, workspace
from cnnviz.errors import CheckpointError, LayerNotFound

if TYPE_CHECKING:
    from cnnviz.explore.channels.excitation import Excitation

_FORMAT = 1


@dataclass(frozen=True)
class Index:
    """What an index is of; its layers are read by `layer`."""

    file: Path
    images: int
    """Of the test set, the first so many."""
    layers: Mapping[str, int]
    """The number that each layer has in the file; equal ones share theirs."""


def mark(run_id: str, snapshot: str, data: str) -> str:
    """The state of weights and test images, which an index is of: other ones have another mark.

    Raises CheckpointError when there is no such snapshot.
    """
    weights = workspace.snapshot_file(run_id, snapshot)
    try:
        found = weights.stat()
    except FileNotFoundError:
        raise CheckpointError(
            f"The run {run_id} has no snapshot {snapshot!r}: wait for it, or choose another."
        ) from None
    try:
        images = (workspace.dataset_folder(data) / "test_images.npy").stat()
    except FileNotFoundError:
        of = (0, 0)  # drawn or downloaded later
    else:
        of = images.st_mtime_ns, images.st_size
    return json.dumps([found.st_mtime_ns, found.st_size, found.st_ino, data, *of])


def file(run_id: str, snapshot: str) -> Path:
    """Where an index is kept, whether or not it is."""
    return workspace.index_folder(run_id, snapshot) / "index.npz"


def find(run_id: str, snapshot: str, *, of: str) -> Index | None:
    """The index of that mark; None if there is none, or it is of another state, or damaged."""
    path = file(run_id, snapshot)
    try:
        with np.load(path, allow_pickle=False) as kept:
            about = json.loads(str(kept["about"]))
        if about["format"] != _FORMAT or about["of"] != of:
            return None
        return Index(path, int(about["images"]), dict(about["layers"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
        return None


def layer(index: Index, name: str) -> Excitation | None:
    """What excites the channels of a layer; None where the index was removed or damaged since.

    Raises LayerNotFound for a layer that has no channels to look through.
    """
    from cnnviz.explore.channels.excitation import Excitation

    if name not in index.layers:
        raise LayerNotFound(name, available=index.layers)
    number = index.layers[name]
    try:
        with np.load(index.file, allow_pickle=False) as kept:
            arrays: dict[str, Any] = {
                field.name: kept[f"{number}.{field.name}"] for field in fields(Excitation)
            }
            return Excitation(**arrays | {"width": int(arrays["width"])})
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def write(path: Path, found: Mapping[str, Excitation], *, of: str) -> int:
    """Put an index in the place of an earlier one; gives its size in bytes. Raises OSError when the disk is full."""
    numbers: dict[int, int] = {}
    arrays: dict[str, Any] = {}
    for excitation in found.values():
        if id(excitation) in numbers:
            continue
        number = numbers.setdefault(id(excitation), len(numbers))
        for field in fields(excitation):
            arrays[f"{number}.{field.name}"] = getattr(excitation, field.name)
    about = {
        "format": _FORMAT,
        "of": of,
        "images": next(iter(found.values())).count,
        "layers": {name: numbers[id(excitation)] for name, excitation in found.items()},
    }
    content = io.BytesIO()
    np.savez(content, about=json.dumps(about), **arrays)
    atomic.replace(path, content.getbuffer())
    return content.tell()
