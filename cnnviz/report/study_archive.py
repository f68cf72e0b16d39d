"""A study as a zip: its plan and the runs that have finished, which another bench imports and goes on with."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import ValidationError

from cnnviz import workspace
from cnnviz.config import Strict, explain
from cnnviz.data import archive as zips
from cnnviz.data.archive import MAX_BYTES, Archive
from cnnviz.errors import ArchiveError, CnnvizError, NotFound, RunError
from cnnviz.formatting import size
from cnnviz.progress import Work, within
from cnnviz.report.archive import MANIFEST, member, put, sizes
from cnnviz.report.importing import manifest_of, parsed, unpack
from cnnviz.runs.run import Run
from cnnviz.runs.staging import settle, staging
from cnnviz.studies import folder
from cnnviz.studies.definition import Study
from cnnviz.studies.progress import Progress as StudyProgress
from cnnviz.studies.search_space import Search
from cnnviz.studies.variant import Variant

STUDY = "study.json"
TRIALS = "trials.jsonl"
RUNS = "runs"
"""Folder of the zip that has a folder a run, with what the zip of that run alone has."""

_LARGEST = 20_000_000
"""Bytes of a file that is read whole."""
_SMALLER = "export the study with one snapshot a run, or its runs one by one"
_AGAIN = "export the study again"


class StudyManifest(Strict):
    """What is in a study's zip."""

    format: Literal[1] = 1
    study: str
    """The study's id where it comes from."""
    files: dict[str, str]
    """SHA-256 of each file of the study's own, and of the manifest of each run."""


@dataclass(frozen=True)
class ImportedStudy:
    """A study that has come in."""

    id: str
    runs: tuple[Run, ...]
    """Those that have come with it."""
    known: int
    """Runs in the zip that were here already."""


def pack_study(study: StudyProgress, file: BinaryIO, *, snapshots: Sequence[str] = ()) -> Work[StudyManifest]:
    """Write a study and its finished runs as a zip, each with those of these snapshots that it has, or its best.

    Raises RunError for one that is too large or has no finished run, NotFound for a snapshot that no run has.
    """
    runs = {one.run.id: one.run for one in study.trials if one.run and one.finished}
    if not runs:
        raise RunError(f"No run of the study {study.id} has finished: there is nothing to take away.")
    weights = {name: _weights(run, snapshots) for name, run in runs.items()}
    there = sorted({name for run in runs.values() for name in run.snapshots()})
    if missing := [name for name in snapshots if name not in there]:
        raise NotFound("snapshot", missing[0], available=there)
    bytes_of = {name: sum(sizes(run, weights[name]).values()) for name, run in runs.items()}
    total = sum(bytes_of.values())
    if total > MAX_BYTES:
        raise RunError(f"The study {study.id} has {size(total)}, too much for a zip: {_SMALLER}.")
    own = {STUDY: study.study.model_dump_json(indent=1).encode()}
    if isinstance(study.study.vary, Search):
        own[TRIALS] = folder.written_trials(folder.trials(study.id, study.study.vary))
    files: dict[str, str] = {}
    done = 0
    with zipfile.ZipFile(file, "w") as whole:
        for name, content in own.items():
            whole.writestr(member(name), content)
            files[name] = hashlib.sha256(content).hexdigest()
        for name, run in runs.items():
            share, done = done / total, done + bytes_of[name]
            part = put(whole, run, weights[name], folder=f"{RUNS}/{name}/")
            manifest = yield from within(part, share, done / total, before=f"{name}: ")
            text = manifest.model_dump_json(indent=1).encode()
            files[f"{RUNS}/{name}/{MANIFEST}"] = hashlib.sha256(text).hexdigest()
        written = StudyManifest(study=study.id, files=files)
        whole.writestr(member(MANIFEST), written.model_dump_json(indent=1))
    return written


def holds_study(file: BinaryIO | Path) -> bool:
    """Whether a zip is a study's. Raises ArchiveError for one that can't be opened."""
    with zips.opened(file) as opened:
        return (STUDY,) in opened.members


def import_study(file: BinaryIO | Path) -> Work[ImportedStudy]:
    """The study in a zip that `pack_study` wrote, with its runs; those that are here already are left as they are.

    Nothing starts: whoever wants the missing runs has the study go on. Raises as `importing.import_zip`, and nothing
    is left then.
    """
    with zips.opened(file, smaller=_SMALLER) as opened:
        manifest = _manifest(opened)
        study, proposed = _study(opened)
        names = [name.split("/")[1] for name in manifest.files if name.startswith(f"{RUNS}/")]
        parts = {name: opened.folder(RUNS, name) for name in names}
        manifests = {name: manifest_of(part) for name, part in parts.items()}
        with staging("The study") as place:
            ids: dict[Path, list[str]] = {}
            for number, name in enumerate(names):
                (place / str(number)).mkdir()
                work = unpack(parts[name], manifests[name], place / str(number))
                share = number / len(names), (number + 1) / len(names)
                ids[place / str(number)] = yield from within(work, *share, before=f"{name}: ")
            new = {made: free for made, free in ids.items() if not _here(made, free[0])}
            study_id = _settled(study, proposed, manifest.study)
            return ImportedStudy(
                study_id, tuple(settle(made, free) for made, free in new.items()), len(ids) - len(new)
            )


def _weights(run: Run, snapshots: Sequence[str]) -> list[str]:
    there = run.snapshots()
    wanted = snapshots or ["best" if "best" in there else "last"]
    return [name for name in wanted if name in there]


def _manifest(opened: Archive) -> StudyManifest:
    """What the zip says that is in it, where that is so. Raises ArchiveError where it isn't."""
    manifest = parsed(_read(opened, MANIFEST), StudyManifest, again=_AGAIN)
    if differing := sorted(set(manifest.files) ^ _signed(opened)):
        side = "lacks" if differing[0] in manifest.files else "has an extra"
        raise ArchiveError(f"The zip {side} {differing[0][:80]!r}: {_AGAIN}.")
    for name, expected in manifest.files.items():
        if hashlib.sha256(_read(opened, name)).hexdigest() != expected:
            raise ArchiveError(f"The zip's {name[:80]} is not what its manifest says: {_AGAIN}.")
    return manifest


def _signed(opened: Archive) -> set[str]:
    """The files whose hashes a manifest has, as the zip's names say. Raises ArchiveError for one that is no study's."""
    names = set()
    for parts in opened.members:
        if parts[0] == RUNS and len(parts) > 2:
            names.add(f"{RUNS}/{parts[1]}/{MANIFEST}")
        elif parts in ((STUDY,), (TRIALS,)):
            names.add(parts[0])
        elif parts != (MANIFEST,):
            raise ArchiveError(f"The zip has {'/'.join(parts)[:80]!r}, which no study has: {_AGAIN}.")
    if absent := sorted(name for name in names if tuple(name.split("/")) not in opened.members):
        raise ArchiveError(f"The zip lacks {absent[0][:80]!r}: {_AGAIN}.")
    return names


def _read(opened: Archive, name: str) -> bytes:
    parts = tuple(name.split("/"))
    if parts not in opened.members:
        raise ArchiveError(f"The zip lacks {name[:80]!r}: {_AGAIN}.")
    if opened.members[parts].file_size > _LARGEST:
        raise ArchiveError(f"The zip's {name[:80]} is larger than {size(_LARGEST)}, which no study's is.")
    return opened.read(parts, limit=_LARGEST)


def _study(opened: Archive) -> tuple[Study, Sequence[Variant]]:
    """The plan, and what a search has proposed. Raises ArchiveError where it is none of this version."""
    try:
        study = Study.model_validate_json(_read(opened, STUDY))
    except ValidationError as error:
        raise ArchiveError(f"The zip's {STUDY} is no study's of this version. {explain(error)}") from None
    if not isinstance(study.vary, Search):
        return study, ()
    proposed = folder.read_trials(_read(opened, TRIALS).splitlines())
    if not all(map(study.vary.has, proposed)):
        raise ArchiveError(f"The zip's {TRIALS} has a trial that is none of its search: {_AGAIN}.")
    return study, proposed


def _here(made: Path, run_id: str) -> bool:
    """Whether this very run is on this bench."""
    try:
        there = workspace.run_folder(run_id) / "config.json"
        return there.read_bytes() == (made / "config.json").read_bytes()
    except OSError:
        return False


def _settled(study: Study, proposed: Sequence[Variant], own: str) -> str:
    """The id under which the study is here now: that of the same one, if it was here."""
    for name in _names(study, own):
        if not workspace.study_folder(name).exists():
            break
        if _same(name, study, proposed):
            return name
    folder.create(study, name=name)
    try:
        if proposed:
            folder.put_trials(name, proposed)
    except RunError:
        folder.delete(name)
        raise
    return name


def _names(study: Study, own: str) -> Iterator[str]:
    try:
        stem = workspace.plain_name(own, what="study")
    except CnnvizError:
        stem = workspace.slug(study.title, fallback="study")
    yield stem
    yield from (f"{stem}-{number}" for number in range(2, 1000))


def _same(name: str, study: Study, proposed: Sequence[Variant]) -> bool:
    try:
        there = folder.read(name)
        return there == study and (
            not isinstance(study.vary, Search) or folder.trials(name, study.vary) == list(proposed)
        )
    except CnnvizError:
        return False
