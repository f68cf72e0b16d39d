"""The index of a test set on the disk: one file, whole or absent, of which a layer is read at a time."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from cnnviz import workspace
from cnnviz.artifact import StoredArtifact
from cnnviz.codecs import same_inputs
from cnnviz.data.identity import identity
from cnnviz.errors import CheckpointError, LayerNotFound

if TYPE_CHECKING:
    from cnnviz.explore.channels.excitation import Excitation

_FORMAT = 1


@dataclass(frozen=True)
class Index:
    """What excites the channels of all layers."""

    images: int
    """Of the test set, the first so many."""
    layers: Mapping[str, Excitation]
    """By name; of a stored index, read when they are asked for."""


def artifact(run_id: str, snapshot: str, data: str, weights: str | None = None) -> StoredArtifact[Index]:
    """Where the index of a snapshot's network over the test images of `data` is stored.

    `weights` is the digest of the snapshot's file, where it is known. Raises CheckpointError when there is none.
    """
    path = workspace.index_folder(run_id, snapshot) / "index.npz"
    return StoredArtifact(path, f"{weights or _digest(run_id, snapshot)} {identity(data)}", CODEC)


def layer(index: Index, name: str) -> Excitation | None:
    """What excites the channels of a layer; None where the index was removed or damaged since.

    Raises LayerNotFound for a layer that has no channels to look through.
    """
    if name not in index.layers:
        raise LayerNotFound(name, available=index.layers)
    try:
        return index.layers[name]
    except Exception:  # a damaged file makes readers raise nearly anything
        return None


@dataclass(frozen=True)
class _StoredLayers(Mapping[str, "Excitation"]):
    """The layers in a file."""

    path: Path
    numbers: Mapping[str, int]
    """Of the layers in the file; equal ones share theirs."""

    def __getitem__(self, name: str) -> Excitation:
        from cnnviz.explore.channels.excitation import Excitation

        number = self.numbers[name]
        with np.load(self.path, allow_pickle=False) as stored:
            arrays: dict[str, Any] = {
                field.name: stored[f"{number}.{field.name}"] for field in fields(Excitation)
            }
        return Excitation(**arrays | {"width": int(arrays["width"])})

    def __contains__(self, name: object) -> bool:
        return name in self.numbers

    def __iter__(self) -> Iterator[str]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


class IndexCodec:
    """An index as one .npz."""

    def encode(self, result: Index, mark: str) -> memoryview:
        numbers: dict[int, int] = {}
        arrays: dict[str, Any] = {}
        for excitation in result.layers.values():
            if id(excitation) in numbers:
                continue
            number = numbers.setdefault(id(excitation), len(numbers))
            for field in fields(excitation):
                arrays[f"{number}.{field.name}"] = getattr(excitation, field.name)
        about = {
            "format": _FORMAT,
            "of": mark,
            "images": result.images,
            "layers": {name: numbers[id(excitation)] for name, excitation in result.layers.items()},
        }
        content = io.BytesIO()
        np.savez(content, about=json.dumps(about), **arrays)
        return content.getbuffer()

    def decode(self, file: BinaryIO, mark: str) -> Index | None:
        with np.load(file, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
        if about["format"] != _FORMAT or not same_inputs(about["of"], mark):
            return None
        return Index(int(about["images"]), _StoredLayers(Path(file.name), dict(about["layers"])))


CODEC = IndexCodec()


def _digest(run_id: str, snapshot: str) -> str:
    try:
        with open(workspace.snapshot_file(run_id, snapshot), "rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise CheckpointError(
            f"The run {run_id} has no snapshot {snapshot!r}: wait for it, or choose another."
        ) from None
