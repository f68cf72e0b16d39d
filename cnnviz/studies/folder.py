"""Studies on the disk: `checkpoints/.studies/<id>/`, with no more than what was asked for. Their runs lie elsewhere."""

import json
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from cnnviz import atomic, workspace
from cnnviz.config import Strict, damage
from cnnviz.errors import CnnvizError, ConfigError, NotFound, RunError
from cnnviz.runs import lease
from cnnviz.studies.definition import Study
from cnnviz.studies.search_space import Search
from cnnviz.studies.variant import Variant


class State(Strict):
    """`state.json`: what was asked for. How far a study is, its runs say."""

    format: int = 1
    active: bool = False
    """Whether whoever looks at it is to start the runs that are missing."""


@dataclass(frozen=True)
class Listed:
    """A study's folder."""

    id: str
    study: Study | None
    """None where it can't be read."""
    damage: str = ""
    """Why it can't."""


def create(study: Study, *, name: str = "") -> str:
    """The id of a new study, made from its title unless it is named.

    Raises RunError when there is one, or the disk is full.
    """
    name = name or workspace.slug(study.title, fallback="study")
    path = workspace.study_folder(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir()
    except FileExistsError:
        raise RunError(
            f"There is a study {name} already: choose another title, or delete it first."
        ) from None
    except OSError as error:
        raise _no_room(path, error) from error
    try:
        put(name, study)
    except RunError:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return name


def put(study_id: str, study: Study) -> None:
    """Write a study down, in the place of what has that id; its runs are found again. Raises RunError when it can't."""
    path = workspace.study_folder(study_id)
    try:
        path.mkdir(parents=True, exist_ok=True)
        atomic.replace(path / "study.json", study.model_dump_json(indent=1).encode())
    except OSError as error:
        raise _no_room(path, error) from error


def exists(study_id: str) -> bool:
    """Whether there is one of that id, damaged or not."""
    return (workspace.study_folder(study_id) / "study.json").exists()


def read(study_id: str) -> Study:
    """The study of that id. Raises NotFound with the nearest ones, RunError with what is damaged."""
    path = _existing(study_id) / "study.json"
    try:
        return Study.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RunError(
            f"The study {study_id} can't be read: {error.strerror or error}: {path.name}."
        ) from error
    except ValidationError as error:
        raise RunError(f"The study {study_id} can't be read: {damage(error, path.name)}") from None


def every() -> list[Listed]:
    """All studies, the newest first; also those that are damaged, with the reason."""
    found = []
    for path in _folders():
        try:
            workspace.study_folder(path.name)  # says what is wrong with the name
            found.append(Listed(path.name, read(path.name)))
        except CnnvizError as error:
            found.append(Listed(path.name, None, str(error)))
    return found


def delete(study_id: str) -> None:
    """Remove a study, whatever state it is in; its runs stay. Raises NotFound, or RunError when it can't be removed."""
    path = _existing(study_id)
    doomed = path.with_name(f".deleted-{study_id}-{time.time_ns()}")
    try:
        path.rename(doomed)
    except OSError as error:
        raise RunError(f"The study {study_id} can't be deleted: {error.strerror or error}.") from error
    shutil.rmtree(doomed, ignore_errors=True)


def state(study_id: str) -> State:
    """What was asked for; nothing, if that can't be read."""
    try:
        return State.model_validate_json((workspace.study_folder(study_id) / "state.json").read_bytes())
    except (OSError, ValidationError):
        return State()


def set_active(study_id: str, active: bool) -> None:
    """Ask for its runs, or for none. Raises RunError when that can't be written."""
    try:
        text = State(active=active).model_dump_json(indent=1)
        atomic.replace(workspace.study_folder(study_id) / "state.json", text.encode())
    except OSError as error:
        raise RunError(f"The study {study_id} can't be changed ({error.strerror or error}).") from error


def trials(study_id: str, search: Search) -> list[Variant]:
    """What a search has proposed so far, in order; a torn line is skipped, as are others that can't be read.

    Raises RunError for one that the search can't have proposed.
    """
    try:
        lines = (workspace.study_folder(study_id) / "trials.jsonl").read_bytes().splitlines()
    except OSError:
        return []
    found = read_trials(lines)
    for number, one in enumerate(found, start=1):
        if not search.has(one):
            raise RunError(
                f"The study {study_id} can't be read: its trials.jsonl was edited or damaged: trial {number} "
                "is none of its search. Put it back, or delete the file to begin anew."
            )
    return found


def read_trials(lines: Iterable[bytes]) -> list[Variant]:
    """The variants in the lines of a trials.jsonl, as far as they can be read."""
    found = []
    for line in lines:
        with suppress(ValueError, RecursionError):
            settings = json.loads(line)
            if isinstance(settings, dict):
                found.append(Variant(settings))
    return found


def written_trials(variants: Iterable[Variant]) -> bytes:
    """A trials.jsonl of these variants."""
    return "".join(f"{json.dumps(dict(one.settings))}\n" for one in variants).encode()


def add_trial(study_id: str, search: Search, variant: Variant) -> None:
    """Write down what a search proposes. Raises RunError when that can't be written."""
    put_trials(study_id, [*trials(study_id, search), variant])


def put_trials(study_id: str, variants: Iterable[Variant]) -> None:
    """Write down all that a search has proposed. Raises RunError when that can't be written."""
    path = workspace.study_folder(study_id) / "trials.jsonl"
    try:
        atomic.replace(path, written_trials(variants))
    except OSError as error:
        raise RunError(f"The study {study_id} can't be changed ({error.strerror or error}).") from error


@contextmanager
def alone(study_id: str) -> Iterator[None]:
    """Nothing; inside the block, this process alone starts runs of the study. Raises RunError where it can't be so."""
    path = workspace.study_folder(study_id) / ".lock"
    with ExitStack() as stack:
        try:
            stack.enter_context(lease.locked(path))
        except OSError as error:
            raise RunError(
                f"The study {study_id} can't be started or stopped: its .lock can't be written "
                f"({error.strerror or error}): remove it, or make room."
            ) from error
        yield


def _no_room(path: Path, error: OSError) -> RunError:
    return RunError(f"No study can be made in {path} ({error.strerror or error}): make room.")


def _folders() -> Iterator[Path]:
    root = workspace.studies_root()
    there = [path for path in root.glob("[!.]*") if path.is_dir()] if root.is_dir() else []
    yield from sorted(there, key=lambda path: (-path.stat().st_ctime, path.name))


def _existing(study_id: str) -> Path:
    try:
        path = workspace.study_folder(study_id)
    except ConfigError:
        path = None
    if path is None or not path.is_dir():
        raise NotFound("study", study_id, available=[one.name for one in _folders()])
    return path
