"""`metrics.jsonl`: what was measured, a line each, only ever added to."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from math import nan
from pathlib import Path
from typing import Any, TypeVar

from cnnviz.train.events import EpochEnded, StepLogged

T = TypeVar("T", StepLogged, EpochEnded)
_STEP = b'{"kind":"step"'
_TAIL, _LONGEST = 1 << 12, 1 << 18
"""Bytes of the end of a file that are read first, and at most."""
_MISSING: Mapping[Any, Any] = {float: nan, int: 0, bool: False}
"""What stands for a figure that a line lacks, by its type."""


class Journal:
    """Appends lines to a run's metrics; each is whole or absent for every reader."""

    def __init__(self, folder: Path) -> None:
        path = folder / "metrics.jsonl"
        before = path.read_bytes() if path.exists() else b""
        self.fresh = not before
        """Whether nothing had been measured before."""
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        if before and not before.endswith(b"\n"):
            os.write(self._descriptor, b"\n")

    def add(self, kind: str, values: Mapping[str, Any], *, durable: bool = False) -> None:
        """Append one line; with `durable` it is on the disk when this returns.

        Raises OSError when the disk is full.
        """
        content = (json.dumps({"kind": kind, **values}, separators=(",", ":")) + "\n").encode()
        written = os.write(self._descriptor, content)
        if written != len(content):
            raise OSError(28, "No space left on device")
        if durable:
            os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


@dataclass
class Metrics:
    """A run's metrics so far. `update` reads on from where it stopped."""

    path: Path
    started: dict[str, Any] = field(default_factory=dict)
    """The first lines' facts: device, precision, what the probe measured, sizes, parameters."""
    steps: list[StepLogged] = field(default_factory=list)
    epochs: list[EpochEnded] = field(default_factory=list)
    finished: dict[str, Any] = field(default_factory=dict)
    """Test figures; empty until the run is over."""
    _offset: int = 0

    def update(self) -> bool:
        """Read new lines; whether there were any. A torn last line is left for later."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                content = file.read()
        except (FileNotFoundError, IsADirectoryError):
            return False
        whole = content[: content.rfind(b"\n") + 1]
        self._offset += len(whole)
        self._take(whole.splitlines())
        return bool(whole)

    def _take(self, lines: Iterable[bytes]) -> None:
        for text in lines:
            try:
                line = json.loads(text)
                kind = line.pop("kind")
            except (ValueError, KeyError, AttributeError, TypeError):
                continue
            match kind:
                case "started":
                    probed = line.get("probe_milliseconds") or self.started.get("probe_milliseconds", {})
                    self.started = line | {"probe_milliseconds": probed}
                case "resumed":
                    self.finished = {}
                    self.steps = [old for old in self.steps if old.step <= line["step"]]
                    self.epochs = [old for old in self.epochs if old.step <= line["step"]]
                    if "epoch" in line:  # a snapshot may lie between an epoch's last step and its end
                        self.epochs = [old for old in self.epochs if old.epoch <= line["epoch"]]
                case "step":
                    self.steps += read_line(StepLogged, line)
                case "epoch":
                    self.epochs += read_line(EpochEnded, line)
                case "finished":
                    self.finished = line


def read_line(kind: type[T], values: Mapping[str, Any]) -> list[T]:
    """The event that a line holds, if it is one: a figure that it lacks is NaN or 0, and what is not known is left."""
    required = ("step", "epoch") if kind is EpochEnded else ("step",)
    found = {one.name: values.get(one.name, _MISSING[one.type]) for one in fields(kind)}
    if any(name not in values for name in required):
        return []
    return [kind(**found)] if all(isinstance(one, int | float) for one in found.values()) else []


def ends(path: Path | str) -> Metrics:
    """What the first and the last lines of a `metrics.jsonl` say: facts, the last epoch, the test; no steps.

    Not more than `_LONGEST` bytes are read of either end.
    """
    metrics = Metrics(Path(path))
    try:
        with open(path, "rb") as file:
            first = file.readline(_LONGEST)
            size = os.fstat(file.fileno()).st_size
            length = _TAIL
            while True:
                begin = max(len(first), size - length)
                file.seek(begin)
                lines = file.read(length).split(b"\n")
                whole = lines[:-1] if begin == len(first) else lines[1:-1]
                metrics.started, metrics.epochs, metrics.finished = {}, [], {}
                metrics._take([first, *(line for line in whole if not line.startswith(_STEP))])
                if metrics.epochs or begin == len(first) or length >= _LONGEST:
                    return metrics
                length *= 4
    except (FileNotFoundError, IsADirectoryError):
        return metrics


def read(folder: Path) -> Metrics:
    """All metrics of the run in `folder`."""
    metrics = Metrics(folder / "metrics.jsonl")
    metrics.update()
    return metrics
