"""`changes.json`: what was changed while a run trained; and requests for changes, which its worker picks up."""

import time
import uuid
from contextlib import suppress
from pathlib import Path

from pydantic import Field, TypeAdapter, ValidationError

from cnnviz import atomic
from cnnviz.config import Strict
from cnnviz.config.change import CHANGEABLE, Change, changeable, check
from cnnviz.errors import ConfigError, NotFound, RunError
from cnnviz.runs.run import Run

_REQUESTS = "change-*.json"
_LIST = TypeAdapter(list[Change])


class Request(Strict):
    """A wish for a change, in a file of its own until the worker has met it."""

    setting: str
    value: float
    created: float = Field(default_factory=time.time)


def read(folder: Path) -> list[Change]:
    """The changes of a run in the order in which they were made.

    Raises RunError when the file is damaged: without it the run can't be repeated.
    """
    try:
        return _LIST.validate_json((folder / "changes.json").read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValidationError, NotFound) as error:
        raise RunError(
            f"changes.json of {folder.name} is damaged: put it back, or start a new run."
        ) from error


def request(run: Run, setting: str, value: float) -> None:
    """Ask for a change; the worker makes it within a second, a run that waits or is paused when it goes on.

    Raises NotFound or ConfigError for what can't be changed, RunError for a run that is over.
    """
    possible = changeable(run.config)
    if setting not in possible:
        raise NotFound("setting that can be changed", setting, available=possible)
    try:
        check(setting, value)
    except ValueError as error:
        raise ConfigError(f"{error}.") from None
    now = run.status()
    if setting == "last_epoch" and not now.epoch < value <= run.config.epochs:
        raise ConfigError(
            f"{CHANGEABLE[setting].title} has to be from {now.epoch + 1} to {run.config.epochs} (got {value:g})."
        )
    if run.recorded:
        raise RunError(f"The run {run.id} is trained by a loop that is not the bench's: change it there.")
    if run.imported or run.shipped or now.state == "finished":
        raise RunError(f"The run {run.id} is over: clone its settings to train anew.")
    wish = Request(setting=setting, value=value)
    path = run.folder / f"change-{time.time_ns():020d}-{uuid.uuid4().hex[:8]}.json"
    try:
        atomic.replace(path, wish.model_dump_json().encode())
    except OSError as error:
        raise RunError(f"The change can't be written ({error.strerror or error}): make room.") from error


def pending(folder: Path) -> list[tuple[Path, Request]]:
    """Requests that are not met yet, the first one first; damaged ones are left out."""
    found = []
    for path in sorted(folder.glob(_REQUESTS)):
        with suppress(OSError, ValidationError):
            found.append((path, Request.model_validate_json(path.read_bytes())))
    return found


def accept(folder: Path, *, step: int) -> list[Change]:
    """Meet all requests at this step: they are written to `changes.json`, and given. For the run's worker alone.

    Raises OSError when the disk is full; the requests are then still there.
    """
    asked = pending(folder)
    if not asked:
        return []
    before = read(folder)
    met = {change.request for change in before}
    new = [
        Change(step=step, setting=one.setting, value=one.value, request=path.stem)
        for path, one in asked
        if path.stem not in met
    ]
    if new:
        atomic.replace(folder / "changes.json", _LIST.dump_json([*before, *new], indent=1))
    for path, _ in asked:
        path.unlink(missing_ok=True)
    return new
