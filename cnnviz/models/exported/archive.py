"""An exported program in a .pt2 file, read by hand: raw tensors and JSON, no pickle and no expression.

PyTorch's own loader unpickles what the file marks as pickled, and has sympy evaluate the sizes in its text. Here
neither is read. It belongs in the process with little memory that `unpickling` is, as a text can be large.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cnnviz.data.archive import Archive, opened
from cnnviz.errors import ArchiveError, CheckpointError
from cnnviz.models.exported.checking import MOST_TENSORS
from cnnviz.models.exported.graph import Graph, StoredTensor
from cnnviz.models.exported.translation import SCALAR_TYPES, translate

_MOST_JSON = 64_000_000
_MOST_BYTES = 2_000_000_000
_MODEL, _FORMAT, _ORDER = ("models", "model.json"), ("archive_format",), ("byteorder",)
_TABLES = (
    (("data", "weights"), "model_weights_config.json"),
    (("data", "constants"), "model_constants_config.json"),
)
_STRIDED = 7
"""A tensor that lies in memory row by row, as `torch._export.serde.schema.Layout` numbers it."""


def is_exported(path: Path) -> bool:
    """Whether a zip is an exported program of today's PyTorch."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.partition("/")[2] == "/".join(_MODEL) for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def read(path: Path) -> tuple[Graph, dict[str, Tensor]]:
    """The graph and the tensors of a .pt2 file. Sample inputs and whatever else is in it are left alone.

    Raises CheckpointError for anything that is damaged, packed, pickled, or asks for more than a classifier does.
    """
    try:
        with opened(path, smaller="export a smaller network") as archive:
            return _read(archive, path.stat().st_size)
    except ArchiveError as error:
        raise CheckpointError(str(error)) from None
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError) as error:
        raise CheckpointError(
            "The exported program is damaged: save it again with torch.export.save."
        ) from error


def _read(archive: Archive, size: int) -> tuple[Graph, dict[str, Tensor]]:
    tops = {parts[0] for parts in archive.members}
    if len(tops) != 1:
        raise CheckpointError("The file is no exported program: save it with torch.export.save.")
    (top,) = tops
    if any(member.compress_type != zipfile.ZIP_STORED for member in archive.members.values()):
        raise CheckpointError("The file is packed, which torch.export.save does not do: save it again.")
    if sum(member.file_size for member in archive.members.values()) > size:
        raise CheckpointError("The file claims more than it holds: it is damaged, or made to do harm.")
    if any(len(parts) > 2 and parts[1] == "data" and parts[2] == "aotinductor" for parts in archive.members):
        raise CheckpointError(
            "The file holds compiled code, which is never run: save the program, not a package."
        )
    if (order := archive.members.get((top, *_ORDER))) and _small(archive, (top, *_ORDER), order) != b"little":
        raise CheckpointError(
            "The file was written on a machine with another order of bytes: export it on this one."
        )
    program = _json(archive, (top, *_MODEL))
    tensors: dict[str, Tensor] = {}
    for folder, table in _TABLES:
        if (top, *folder, table) in archive.members:
            tensors |= _tensors(archive, (top, *folder), _json(archive, (top, *folder, table)))
    described = {
        name: StoredTensor(str(value.dtype).removeprefix("torch."), tuple(value.shape), False)
        for name, value in tensors.items()
    }
    graph = translate(program, described)
    return graph, {name: tensors[name] for name in graph.tensors}


def _small(archive: Archive, parts: tuple[str, ...], member: zipfile.ZipInfo) -> bytes:
    return archive.read(parts, limit=1) if member.file_size < 100 else b""


def _json(archive: Archive, parts: tuple[str, ...]) -> Any:
    if parts not in archive.members:
        raise CheckpointError(
            f"The file has no {parts[-1]}, without which it is no exported program: save it again."
        )
    if archive.members[parts].file_size > _MOST_JSON:
        raise CheckpointError(
            f"The file's {parts[-1]} is larger than {_MOST_JSON // 10**6} MB, which no network's is."
        )
    return json.loads(archive.read(parts, limit=_MOST_JSON))


def _tensors(archive: Archive, folder: tuple[str, ...], table: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors that a table names, each a copy of its own."""
    config = table["config"]
    if len(config) > MOST_TENSORS:
        raise CheckpointError(
            f"The file holds more than {MOST_TENSORS:,} tensors: no network here has so many."
        )
    found: dict[str, Tensor] = {}
    held = 0
    for name, entry in config.items():
        if entry["use_pickle"] is not False:
            raise CheckpointError(
                f"{str(name)[:60]!r} is pickled in this file, which could run code and is never unpickled: "
                "export it with plain tensors."
            )
        parts = (*folder, *str(entry["path_name"]).split("/"))
        if parts not in archive.members or ".." in parts:
            raise CheckpointError(f"The file lacks the values of {str(name)[:60]!r}: copy it again.")
        value = _tensor(str(name), entry["tensor_meta"], archive, parts)
        held += value.numel() * value.element_size()
        if held > _MOST_BYTES:  # several names may share one storage
            raise CheckpointError(
                "The file claims more weights than it holds: it is damaged, or made to do harm."
            )
        found[str(name)] = value
    return found


def _tensor(name: str, meta: Mapping[str, Any], archive: Archive, parts: tuple[str, ...]) -> Tensor:
    dtype = SCALAR_TYPES.get(meta["dtype"])
    if dtype is None or meta["layout"] != _STRIDED:
        raise CheckpointError(
            f"{name[:60]!r} is no plain tensor of 32 bits: export the network after model.float()."
        )
    sizes: list[int]
    strides: list[int]
    sizes, strides = ([_whole(one["as_int"]) for one in meta[key]] for key in ("sizes", "strides"))
    offset = _whole(meta["storage_offset"]["as_int"])
    kind: torch.dtype = getattr(torch, dtype)
    count = archive.members[parts].file_size // kind.itemsize
    last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
    wanted = prod(sizes, start=1)
    if len(sizes) > 8 or wanted > count or (wanted and last >= count):
        raise CheckpointError(
            f"The file claims more of {name[:60]!r} than it holds: it is damaged, or made to do harm."
        )
    if not wanted:
        return torch.zeros(sizes, dtype=kind)
    data = bytearray(archive.read(parts, limit=archive.members[parts].file_size))
    storage = torch.frombuffer(data, dtype=kind, count=len(data) // kind.itemsize)
    if storage.numel() < count:
        raise CheckpointError(f"The file is cut off at {name[:60]!r}: copy it again.")
    return torch.as_strided(storage, sizes, strides, offset).clone(memory_format=torch.contiguous_format)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**48:
        raise ValueError(value)
    return value
