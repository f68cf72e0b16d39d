"""A run's zip from another bench: every file checked, none executed, and all of it taken or nothing."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from pydantic import ValidationError

from cnnviz import workspace
from cnnviz.config import Exported, Strict, explain
from cnnviz.data import archive
from cnnviz.data.archive import Archive
from cnnviz.errors import ArchiveError, CheckpointError, CnnvizError
from cnnviz.progress import Progress, Work
from cnnviz.report.archive import DOCUMENTS, FILES, MANIFEST, SNAPSHOT, Manifest
from cnnviz.report.measurements import check_measurements
from cnnviz.runs import changes, notes, status
from cnnviz.runs.run import Record, Run, fresh_ids
from cnnviz.runs.staging import settle, staging
from cnnviz.runs.status import Status

Kind = TypeVar("Kind", bound=Strict)
SMALLER = "export the run with fewer snapshots"

_MOST = {**dict.fromkeys((*DOCUMENTS, MANIFEST), 4_000_000), "metrics.jsonl": 256_000_000}
"""Bytes of files that are read whole."""
_PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".npy", ".joblib")
_CUT_SHORT = (
    "It was not over where it was exported; without the state of its training it can only begin again."
)


def import_zip(file: BinaryIO | Path) -> Work[Run]:
    """The run in a zip that `pack` wrote, as one of this bench, under its own id where that is free.

    One that waited or trained is interrupted here. Raises ArchiveError or CheckpointError for a zip that is damaged,
    unsafe or too large, or whose files are not what a run has; RunError where there is no room. Nothing is left then.
    """
    with archive.opened(file, smaller=SMALLER) as opened:
        manifest = manifest_of(opened)
        with staging("The run") as place:
            ids = yield from unpack(opened, manifest, place)
            return settle(place, ids)


def manifest_of(opened: Archive) -> Manifest:
    """What is in a run's zip. Raises ArchiveError where it is another zip, or has another file."""
    files = {"/".join(parts): parts for parts in opened.members}
    _refuse_strangers(files)
    return _manifest(opened, files)


def unpack(opened: Archive, manifest: Manifest, place: Path) -> Work[list[str]]:
    """Have the files of a run's zip in an empty folder, all checked. Gives ids that the run may have, the best first.

    Raises as `import_zip`.
    """
    yield from _unpack(opened, manifest, place)
    record = _record(place / "config.json")
    _check(place, manifest, record)
    return [*_own(manifest.run), *fresh_ids(record)]


def _refuse_strangers(files: dict[str, Any]) -> None:
    """Raises ArchiveError for a file that is no run's."""
    if MANIFEST not in files:
        raise ArchiveError(
            f"The zip holds no run, as it has no {MANIFEST}: make it with `export RUN`; "
            "pictures come in with `data import`."
        )
    for name in files:
        if name.lower().endswith(_PICKLES):
            raise ArchiveError(
                f"The zip has {name[:80]!r}, which may be a pickle and run code: take it out, or import weights "
                "alone as .safetensors."
            )
        if name not in {*FILES, MANIFEST} and not SNAPSHOT.fullmatch(name):
            raise ArchiveError(f"The zip has {name[:80]!r}, which no run has: make it again with `export`.")


def _manifest(opened: Archive, files: dict[str, tuple[str, ...]]) -> Manifest:
    """What the zip says that is in it: no more and no less, and config.json."""
    for name, most in _MOST.items():
        if name in files and opened.members[files[name]].file_size > most:
            raise ArchiveError(f"The zip's {name} is larger than {most // 10**6} MB, which no run's is.")
    text = opened.read(files[MANIFEST], limit=_MOST[MANIFEST])
    manifest = parsed(text, Manifest, again="export the run again")
    if differing := sorted(set(manifest.files) ^ (set(files) - {MANIFEST})):
        side = "lacks" if differing[0] in manifest.files else "has an extra"
        raise ArchiveError(f"The zip {side} {differing[0][:80]!r}: export the run again.")
    if "config.json" not in manifest.files:
        raise ArchiveError("The zip has no config.json, without which there is no run: export it again.")
    return manifest


def parsed(text: bytes, kind: type[Kind], *, again: str) -> Kind:
    """A manifest of this format. Raises ArchiveError for a newer one, and for what is none; `again` says what to do."""
    try:
        values = json.loads(text)
        if isinstance(values, dict) and isinstance(values.get("format"), int) and values["format"] > 1:
            raise ArchiveError(
                f"The zip was made by a newer cnnviz (format {values['format']}): update this one."
            )
        return kind.model_validate(values)
    except (ValueError, RecursionError):
        raise ArchiveError(f"The zip's {MANIFEST} is damaged: {again}.") from None


def _unpack(opened: Archive, manifest: Manifest, place: Path) -> Work[None]:
    """Every file of the manifest in `place`, under a name of ours. Raises ArchiveError for a wrong hash."""
    total = sum(member.file_size for member in opened.members.values())
    done = 0
    (place / "snapshots").mkdir()
    for name, expected in manifest.files.items():
        digest = hashlib.sha256()
        with (place / name).open("wb") as target:
            for piece in opened.pieces(tuple(name.split("/"))):
                digest.update(piece)
                target.write(piece)
                done += len(piece)
                yield Progress.of(done, max(done, total), "bytes")
        if digest.hexdigest() != expected:
            raise ArchiveError(
                f"The zip's {name} is not what its manifest says: it was changed or damaged on the way. "
                "Export the run again."
            )


def _record(path: Path) -> Record:
    try:
        return Record.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ArchiveError(f"The zip's config.json is no run's of this version. {explain(error)}") from None


def _check(place: Path, manifest: Manifest, record: Record) -> None:
    """Raises ArchiveError or CheckpointError for a file that pages could not read."""
    _settle_status(place)
    for name, read in (("changes.json", changes.read), ("notes.json", notes.read)):
        try:
            read(place)
        except CnnvizError:
            raise ArchiveError(f"The zip's {name} is damaged: export the run again.") from None
    if "metrics.jsonl" in manifest.files:
        check_measurements(place / "metrics.jsonl")
    if "filters.npz" in manifest.files:
        _check_filters(place / "filters.npz")
    for name in manifest.files:
        if SNAPSHOT.fullmatch(name):
            _check_snapshot(place / name, record)


def _settle_status(place: Path) -> None:
    """Have a run that was under way be one that was cut short."""
    try:
        now = Status.model_validate_json((place / "status.json").read_bytes())
    except FileNotFoundError:
        now = Status(state="running", updated=0.0)
    except ValidationError:
        raise ArchiveError("The zip's status.json is damaged: export the run again.") from None
    if now.active:
        now = now.model_copy(update={"state": "interrupted", "reason": _CUT_SHORT, "seconds_left": None})
    status.write(place, now)


def _check_filters(path: Path) -> None:
    """Two arrays of plain numbers, of the sizes that they claim; nothing is loaded."""
    bad = ArchiveError("The zip's filters.npz holds no filters: export the run again.")
    shapes = {}
    try:
        with archive.opened(path, smaller=SMALLER) as opened:
            for name, kind in (("epochs", "<i8"), ("filters", "<f2")):
                parts = (f"{name}.npy",)
                head = io.BytesIO(opened.read(parts, limit=1))
                version = np.lib.format.read_magic(head)
                shapes[name], _, dtype = np.lib.format.read_array_header_1_0(head)
                bytes_of_values = opened.members[parts].file_size - head.tell()
                whole = dtype.itemsize * int(np.prod(shapes[name], dtype=object)) == bytes_of_values
                if version != (1, 0) or dtype != np.dtype(kind) or not whole or min(shapes[name]) < 0:
                    raise bad
            if len(opened.members) != 2:
                raise bad
    except (ValueError, TypeError, KeyError, ArchiveError):
        raise bad from None
    epochs, filters = shapes["epochs"], shapes["filters"]
    if len(epochs) != 1 or len(filters) != 5 or epochs[0] != filters[0]:
        raise bad


def _check_snapshot(path: Path, record: Record) -> None:
    from cnnviz.models import checkpoint, fit

    try:
        card, _ = checkpoint.read_some(path, ())
    except CheckpointError as error:
        raise CheckpointError(f"The zip can't be imported: {error}") from None
    if card.network != record.config.network:
        raise CheckpointError(
            f"The zip's {path.name} is of another network than its config.json: export again."
        )
    if isinstance(card.network, Exported):  # whose graph may ask for anything
        fit.runs(card.network, card.image_shape, classes=len(card.classes))


def _own(run_id: str) -> list[str]:
    try:
        return [workspace.plain_name(run_id, what="run")]
    except CnnvizError:
        return []
