"""A run as a zip: its folder's files and a manifest of their hashes, which another bench imports."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Literal

from cnnviz.config import Strict
from cnnviz.data.archive import MAX_BYTES
from cnnviz.errors import RunError
from cnnviz.formatting import size
from cnnviz.progress import Progress, Work
from cnnviz.runs.run import Run

MANIFEST = "manifest.json"
DOCUMENTS = ("config.json", "status.json", "changes.json", "notes.json")
FILES = (*DOCUMENTS, "metrics.jsonl", "filters.npz")
SNAPSHOT = re.compile(r"snapshots/(last|best|epoch_\d{4,9})\.safetensors")

_STEP = 1 << 20
_DATE = (1980, 1, 1, 0, 0, 0)


class Manifest(Strict):
    """What is in a run's zip, beside the manifest itself."""

    format: Literal[1] = 1
    run: str
    """The run's id where it comes from."""
    files: dict[str, str]
    """SHA-256 of each file."""


def usual_snapshots(run: Run) -> list[str]:
    """The last and the best weights of a run, as far as it has them."""
    return [name for name in run.snapshots() if name in {"last", "best"}]


def pack(run: Run, file: BinaryIO, *, snapshots: Sequence[str]) -> Work[Manifest]:
    """Write a run, with these snapshots of its weights, as a zip.

    Raises RunError for one that is too large.
    """
    total = sum(sizes(run, snapshots).values())
    if total > MAX_BYTES:
        raise RunError(f"The run {run.id} has {size(total)}, too much for a zip: take fewer snapshots.")
    with zipfile.ZipFile(file, "w") as whole:
        return (yield from put(whole, run, snapshots))


def put(whole: zipfile.ZipFile, run: Run, snapshots: Sequence[str], *, folder: str = "") -> Work[Manifest]:
    """Write a run's files and their manifest into an open zip, below a folder whose name ends with a slash."""
    files: dict[str, str] = {}
    parts = sizes(run, snapshots)
    total, done = sum(parts.values()), 0
    for name in parts:
        digest = hashlib.sha256()
        with (run.folder / name).open("rb") as source, whole.open(member(folder + name), "w") as target:
            while piece := source.read(_STEP):
                digest.update(piece)
                target.write(piece)
                done += len(piece)
                yield Progress(min(1.0, done / total), f"{size(done)} of {size(total)}")
        files[name] = digest.hexdigest()
    manifest = Manifest(run=run.id, files=files)
    whole.writestr(member(folder + MANIFEST), manifest.model_dump_json(indent=1))
    return manifest


def sizes(run: Run, snapshots: Sequence[str]) -> dict[str, int]:
    """Bytes of the files that a run's zip has, by name."""
    names = [*FILES, *(f"snapshots/{name}.safetensors" for name in dict.fromkeys(snapshots))]
    return {name: there for name in names if (there := _size(run.folder / name))}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def member(name: str) -> zipfile.ZipInfo:
    """A file of a zip as it is to be written: dated alike, so that the same content gives the same zip."""
    info = zipfile.ZipInfo(name, _DATE)
    info.external_attr = 0o100644 << 16
    packed = name.endswith((".json", ".jsonl"))
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    return info
