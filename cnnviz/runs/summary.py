"""A run in a line, for tables of many: read fast from the ends of its files, and again only when they change."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cnnviz import workspace
from cnnviz.config import RunConfig
from cnnviz.config.comparison import flat, identity, setting_text
from cnnviz.errors import ConfigError, RunError
from cnnviz.runs import changes, metrics, notes, status
from cnnviz.runs.notes import Notes
from cnnviz.runs.run import SHIPPED, Record
from cnnviz.runs.status import State, Status

_FILES = ("config.json", "status.json", "metrics.jsonl", "notes.json", "changes.json")
Stamps = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True)
class Summary:
    """What a table says of a run."""

    id: str
    damaged: str = ""
    """Why its folder can't be read, in a sentence; figures are missing then."""
    title: str = ""
    state: State = "interrupted"
    reason: str = ""
    share: float = 0.0
    """Part of the training that is done."""
    created: float = 0.0
    """Unix time."""
    config: RunConfig | None = None
    """None where that is damaged."""
    changes: str = ""
    """Settings that were changed while it trained."""
    imported: bool = False
    recorded: bool = False
    """Trained by a loop that is not the bench's: of its settings few are its own."""
    shipped: bool = False
    epoch: int = 0
    """Whole epochs so far."""
    validation_accuracy: float | None = None
    """Of the last epoch."""
    validation_count: int = 0
    test_accuracy: float | None = None
    test_count: int = 0
    seconds: float = 0.0
    """Spent on training so far."""
    parameters: int | None = None
    images_per_second: float | None = None
    memory: int | None = None
    """Bytes at most."""
    energy: int | None = None
    """Joules so far, of the whole processor and the GPU; None where the machine does not tell."""
    tags: tuple[str, ...] = ()
    note: str = ""
    archived: bool = False

    @property
    def data(self) -> str:
        return self.config.data.name if self.config else ""

    @property
    def network(self) -> str:
        return self.config.network.name if self.config else ""

    @property
    def seed(self) -> int | None:
        return self.config.seed if self.config and self._repeatable else None

    @property
    def epochs(self) -> int:
        """Of the whole run."""
        return self.config.epochs if self.config and not self.imported else 0

    @property
    def _repeatable(self) -> bool:
        return not (self.imported or self.recorded)

    @property
    def active(self) -> bool:
        """Whether it trains, or waits for it."""
        return self.state in status.ACTIVE

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """By dotted key; of an imported network only those that are its own. What was changed is a setting, too."""
        if self.config is None:
            return {}
        found = flat(self.config)
        if not self._repeatable:
            return {
                key: one for key, one in found.items() if key == "data.name" or key.startswith("network.")
            }
        return found | ({"changes": self.changes} if self.changes else {})

    @cached_property
    def text(self) -> str:
        """All that a search looks through, in small letters."""
        values = (setting_text(value) for value in self.settings.values())
        return "\n".join([self.id, self.title, *self.tags, self.note, *self.settings, *values]).lower()

    @cached_property
    def experiment(self) -> str:
        """Equal for runs that differ in nothing but their seed, title or way to compute."""
        if self.config is None or not self._repeatable:
            return self.id
        return identity(self.config) + self.changes


@dataclass(frozen=True)
class _Entry:
    stamps: Stamps
    summary: Summary
    live: bool
    """Whether its state hangs on a lease."""


_held: tuple[str, dict[str, _Entry]] = ("", {})


def summaries() -> list[Summary]:
    """All runs of this bench, newest first, archived ones as well; after them the folders that can't be read."""
    global _held  # noqa: PLW0603
    root = str(workspace.checkpoints_root())
    before = _held[1] if _held[0] == root else {}
    now = {name: _look(root, name, before.get(name)) for name in _folders(root)}
    _held = (root, now)
    found = [_alive(root, entry) if entry.live else entry.summary for entry in now.values()]
    return sorted(found, key=lambda one: (bool(one.damaged), -one.created, one.id))


def _folders(root: str) -> list[str]:
    try:
        with os.scandir(root) as entries:
            return [one.name for one in entries if not one.name.startswith(".") and one.is_dir()]
    except OSError:
        return []


def _look(root: str, name: str, before: _Entry | None) -> _Entry:
    """What was read before, if nothing has changed since."""
    folder = f"{root}/{name}"
    stamps = tuple([_stamp(f"{folder}/{file}") for file in _FILES])
    if before is not None and before.stamps == stamps:
        return before
    summary, live = _read(folder, name)
    return _Entry(stamps, summary, live)


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  # thousands of them: a Path costs as much as the look
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _alive(root: str, entry: _Entry) -> Summary:
    """With the state in which it is, and not that which a dead worker left."""
    now = status.read(Path(root, entry.summary.id))
    return replace(entry.summary, state=now.state, reason=now.reason)


def _read(folder: str, name: str) -> tuple[Summary, bool]:
    """A summary from the files, and whether its state hangs on a lease."""
    try:
        workspace.plain_name(name, what="run")
        record = Record.parse(_content(folder, "config.json"))
    except FileNotFoundError:
        return Summary(name, damaged="config.json is missing: the folder is half written, or no run."), False
    except OSError as error:
        return Summary(name, damaged=f"config.json can't be read ({error.strerror})."), False
    except (ConfigError, RunError) as error:
        return Summary(name, damaged=str(error)), False
    damaged = []
    now: Status | None = None
    live = True
    try:
        now = Status.model_validate_json(_content(folder, "status.json"))
        live = now.state == "running"
    except ValidationError:
        damaged.append("status.json was changed or damaged: delete it, and resume the run.")
    except OSError:
        pass
    said = Notes()
    try:
        said = notes.parse(_content(folder, "notes.json"))
    except RunError as error:
        damaged.append(str(error))
    except OSError:
        pass
    changed = ""
    if os.path.exists(f"{folder}/changes.json"):  # noqa: PTH110
        try:
            changed = ", ".join(
                f"{one.setting}={one.value:g} after step {one.step:,}" for one in changes.read(Path(folder))
            )
        except RunError as error:
            damaged.append(str(error))
    summary = Summary(
        name,
        damaged=" ".join(damaged),
        title=record.config.heading,
        created=record.created,
        config=record.config,
        changes=changed,
        imported=record.imported is not None,
        recorded=record.recorded,
        shipped=os.path.exists(f"{folder}/{SHIPPED}"),  # noqa: PTH110
        tags=said.tags,
        note=said.note,
        archived=said.archived,
    )
    if now is not None:
        summary = replace(
            summary, state=now.state, reason=now.reason, share=now.share, epoch=now.epoch, seconds=now.seconds
        )
    with suppress(OSError):
        summary = replace(summary, **_figures(f"{folder}/metrics.jsonl"))
    return summary, live


def _figures(path: str) -> dict[str, Any]:
    found = metrics.ends(path)
    last = found.epochs[-1] if found.epochs else None
    return {
        "parameters": _number(found.started.get("parameters")),
        "validation_count": _number(found.started.get("validation")) or 0,
        "validation_accuracy": last and _number(last.validation_accuracy),
        "images_per_second": last and _number(last.images_per_second),
        "memory": last and _number(last.memory),
        "energy": last and (_number(last.energy) or None),
        "test_accuracy": _number(found.finished.get("test_accuracy")),
        "test_count": _number(found.finished.get("test_count")) or 0,
    }


def _number(value: Any) -> Any:
    """`value`, if it is a figure: anybody may have written it."""
    return value if isinstance(value, int | float) and isfinite(value) else None


def _content(folder: str, file: str) -> bytes:
    with open(f"{folder}/{file}", "rb") as opened:
        return opened.read()


def fitting(runs: Iterable[Summary], search: str) -> list[Summary]:
    """Those in which every word of `search` is found: in title, name, tags, note and settings.

    `learning_rate=0.1` asks for a setting with that value.
    """
    terms = search.lower().split()
    return [run for run in runs if all(_fits(run, term) for term in terms)]


def _fits(run: Summary, term: str) -> bool:
    key, equals, value = term.partition("=")
    if equals:
        return any(
            (one == key or one.endswith(f".{key}")) and setting_text(there).lower() == value
            for one, there in run.settings.items()
        )
    return term in run.text
