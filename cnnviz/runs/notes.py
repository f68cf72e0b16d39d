"""`notes.json`: what a person adds to a run afterwards. Tags, a note, and whether it is archived."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from cnnviz import atomic
from cnnviz.config import Strict
from cnnviz.errors import ConfigError, RunError
from cnnviz.runs.exclusive import one_at_a_time
from cnnviz.runs.run import find

LONGEST_TAG, LONGEST_NOTE, MOST_TAGS = 40, 2000, 30


def _tag(text: str) -> str:
    if not text.isprintable() or "," in text or text != text.strip() or not text:
        raise ValueError("a tag is a few words without a comma")
    return text


Tag = Annotated[str, Field(max_length=LONGEST_TAG), AfterValidator(_tag)]


class Notes(Strict):
    """What a person says of a run; none of it changes how it is trained."""

    format: Annotated[int, Field(ge=1, le=1)] = 1
    tags: Annotated[tuple[Tag, ...], Field(max_length=MOST_TAGS)] = ()
    """In alphabetical order, each once."""
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""
    archived: bool = False
    """Whether lists leave it out unless they are asked for it."""


def parse(content: bytes) -> Notes:
    """What a `notes.json` says. Raises RunError when it is damaged."""
    try:
        return Notes.model_validate_json(content)
    except ValidationError as error:
        raise RunError("notes.json was changed or damaged: mend or delete it.") from error


def read(folder: Path) -> Notes:
    """The notes of the run in `folder`. Raises RunError when they are damaged."""
    try:
        return parse((folder / "notes.json").read_bytes())
    except FileNotFoundError:
        return Notes()
    except OSError as error:
        raise RunError(f"notes.json can't be read ({error.strerror}): mend or delete it.") from error


def change(
    run_id: str,
    *,
    tags: Iterable[str] = (),
    without: Iterable[str] = (),
    note: str | None = None,
    archived: bool | None = None,
) -> Notes:
    """Add tags, take some away, and set what is not None; gives what it says then.

    Raises NotFound, ConfigError for what is too long, and RunError for a run that came with cnnviz or a full disk.
    """
    with one_at_a_time():
        run = find(run_id)
        if run.shipped:
            raise RunError(
                f"The run {run_id} came with cnnviz and takes no notes: clone its settings, and note yours."
            )
        before = read(run.folder)
        kept = ({*before.tags} | {one.strip() for one in tags}) - {one.strip() for one in without}
        changed: dict[str, Any] = {"tags": sorted(kept)}
        if note is not None:
            changed["note"] = note.strip()
        if archived is not None:
            changed["archived"] = archived
        try:
            after = Notes.model_validate(before.model_dump() | changed)
        except ValidationError as error:
            raise ConfigError(
                f"A tag is a few words without a comma, at most {LONGEST_TAG} letters, {MOST_TAGS} of them; "
                f"a note has at most {LONGEST_NOTE:,} letters."
            ) from error
        try:
            atomic.replace(run.folder / "notes.json", after.model_dump_json(indent=1).encode())
        except OSError as error:
            raise RunError(f"The note on {run_id} can't be written ({error.strerror}): make room.") from error
    return after
