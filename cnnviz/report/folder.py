"""Reports on the disk: `checkpoints/.reports/<id>.json`, what each shows and says."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from pydantic import ValidationError

from cnnviz import atomic, workspace
from cnnviz.config import damage
from cnnviz.errors import CnnvizError, ConfigError, NotFound, RunError
from cnnviz.report.document import Document, Pin, Section
from cnnviz.runs import lease

PINNED = "Pinned"
"""The section that pins go to."""


@dataclass(frozen=True)
class Listed:
    """A report's file."""

    id: str
    document: Document | None
    """None where it can't be read."""
    damage: str = ""
    """Why it can't."""


def create(document: Document) -> str:
    """The id of a new report, made from its title. Raises RunError when there is one, or the disk is full."""
    name = workspace.slug(document.title, fallback="report")
    path = workspace.report_file(name)
    with _alone():
        if path.exists():
            raise RunError(f"There is a report {name} already: choose another title, or delete it first.")
        _write(name, document)
    return name


def create_numbered(document: Document) -> str:
    """As `create`, with a number behind the title where there is one of that title."""
    taken = {one.document.title for one in every() if one.document}
    title, number = document.title, 1
    while title in taken:
        number += 1
        title = f"{document.title[:114]} ({number})"
    return create(document.model_copy(update={"title": title}))


def read(report_id: str) -> Document:
    """The report of that id. Raises NotFound with the nearest ones, RunError with what is damaged."""
    try:
        path = workspace.report_file(report_id)
        if path.is_symlink() and not path.exists():
            raise RunError(f"The report {report_id} can't be read: it is a link to a file that is not there.")
        content = path.read_bytes()
    except (ConfigError, FileNotFoundError):
        raise NotFound("report", report_id, available=_ids()) from None
    except OSError as error:
        raise RunError(f"The report {report_id} can't be read ({error.strerror or error}).") from error
    try:
        return Document.model_validate_json(content)
    except ValidationError as error:
        why = damage(error, f"{report_id}.json")
        raise RunError(f"The report {report_id} can't be read: {why}") from None


def every() -> list[Listed]:
    """All reports, the newest first; also those that are damaged, with the reason."""
    found = []
    for name in _ids():
        try:
            workspace.report_file(name)  # says what is wrong with the name
            found.append(Listed(name, read(name)))
        except CnnvizError as error:
            found.append(Listed(name, None, str(error)))
    return found


def save(report_id: str, document: Document, *, before: Document) -> None:
    """Write a report that was `before` anew.

    Raises NotFound where it is gone, RunError when it was changed meanwhile or can't be written.
    """
    with _alone():
        if read(report_id) != before:
            raise RunError("The report was changed elsewhere meanwhile: here it is as it is now.")
        _write(report_id, document)


def pin(report_id: str, pin: Pin) -> None:
    """Add a figure to a report's pins. Raises as `read` and `save` do."""
    with _alone():
        document = read(report_id)
        sections = list(document.sections)
        if not sections or sections[-1].title != PINNED:
            sections.append(Section(title=PINNED))
        sections[-1] = sections[-1].model_copy(update={"pins": (*sections[-1].pins, pin)})
        _write(report_id, Document.model_validate(document.model_dump() | {"sections": sections}))


def delete(report_id: str) -> None:
    """Remove a report; its runs stay. Raises NotFound, or RunError when it can't be removed."""
    try:
        path = workspace.report_file(report_id)
        path.unlink()
        path.with_suffix(".html").unlink(missing_ok=True)
    except (ConfigError, FileNotFoundError):
        raise NotFound("report", report_id, available=_ids()) from None
    except OSError as error:
        raise RunError(f"The report {report_id} can't be deleted: {error.strerror or error}.") from error


def _alone() -> AbstractContextManager[None]:
    workspace.reports_root().mkdir(parents=True, exist_ok=True)
    return lease.locked(workspace.reports_root() / ".lock")


def _write(report_id: str, document: Document) -> None:
    try:
        atomic.replace(workspace.report_file(report_id), document.model_dump_json(indent=1).encode())
    except OSError as error:
        raise RunError(
            f"The report {report_id} can't be written ({error.strerror or error}): make room."
        ) from error


def _ids() -> list[str]:
    root = workspace.reports_root()
    there = list(root.glob("[!.]*.json")) if root.is_dir() else []
    return [path.stem for path in sorted(there, key=lambda path: (-path.lstat().st_mtime, path.name))]
