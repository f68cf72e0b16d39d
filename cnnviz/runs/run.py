"""A run is a folder; this reads it."""

import os
import platform
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError

from cnnviz import atomic, workspace
from cnnviz.config import RunConfig, Strict
from cnnviz.errors import ConfigError, NotFound, RunError
from cnnviz.runs import metrics, status

FORMAT = 1
"""Of the `config.json` that is written; newer ones are not read."""
SHIPPED = "card.md"
"""A run that has this file came with cnnviz."""


class Imported(Strict):
    """Where a network comes from that was brought in, and not trained here."""

    source: str
    """A file's name, or torchvision's network and weights."""
    notes: tuple[str, ...] = ()
    """What its weights don't tell and was taken for granted, a sentence each."""


class Record(Strict):
    """`config.json`: what was asked for, and where. Written once."""

    format: Annotated[int, Field(ge=1, le=FORMAT)] = FORMAT
    created: Annotated[float, Field(ge=0, le=1e11)]
    """Unix time."""
    config: RunConfig
    """Of an imported network only title, network and data are its own; the rest says nothing."""
    versions: dict[str, str]
    machine: str
    imported: Imported | None = None
    recorded: bool = False
    """Whether its training loop is somebody else's, who tells how it goes. Of `config` only title, network, data and
    epochs are its own then, too."""

    @classmethod
    def parse(cls, content: bytes) -> "Record":
        """What a `config.json` says. Raises RunError with a line on what is wrong with it."""
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            if first["loc"] == ("format",) and first["type"] == "less_than_equal":
                raise RunError(
                    f"config.json is of a newer cnnviz (format {first['input']}): update this one to read it."
                ) from None
            if first["type"] == "json_invalid":
                raise RunError("config.json is no JSON: it is half written, or damaged.") from None
            place = ".".join(map(str, first["loc"])) or "config.json"
            raise RunError(
                f"config.json was changed or damaged: {place[:80]}: {first['msg'].lower()[:200]}."
            ) from None


@dataclass(frozen=True)
class Run:
    """One training: its folder, and what is in it."""

    id: str
    folder: Path

    @cached_property
    def record(self) -> Record:
        """What was asked for. Raises RunError when `config.json` is damaged."""
        try:
            return Record.parse((self.folder / "config.json").read_bytes())
        except OSError as error:
            raise RunError(f"The run {self.id} can't be read: its config.json is missing.") from error
        except RunError as error:
            raise RunError(f"The run {self.id} can't be read: {error}") from None

    @property
    def config(self) -> RunConfig:
        return self.record.config

    @property
    def imported(self) -> Imported | None:
        """Where it comes from, if it was brought in; None for a training."""
        return self.record.imported

    @property
    def recorded(self) -> bool:
        """Whether somebody else's training loop made it, which the bench can't take up, change or repeat."""
        return self.record.recorded

    @property
    def repeatable(self) -> bool:
        """Whether its configuration says all that it takes to make it again."""
        return not (self.imported or self.recorded)

    @property
    def changed(self) -> bool:
        """Whether settings were changed while it trained: see `changes`."""
        return (self.folder / "changes.json").exists()

    @property
    def title(self) -> str:
        """Its own title, or one made from network and data."""
        return self.config.heading

    @property
    def seed(self) -> int | None:
        """None where it was trained elsewhere."""
        return None if self.imported else self.config.seed

    @property
    def shipped(self) -> bool:
        return (self.folder / SHIPPED).exists()

    def status(self) -> status.Status:
        return status.read(self.folder)

    def metrics(self) -> metrics.Metrics:
        return metrics.read(self.folder)

    def snapshots(self) -> list[str]:
        """Names of the kept weights: last and best first, then by epoch."""
        there = (self.folder / "snapshots").glob("*.safetensors")
        names = sorted(path.stem for path in there if path.is_file())
        return sorted(names, key=lambda name: {"last": 0, "best": 1}.get(name, 2))

    def filters(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float16]]:
        """First-layer filters: epochs (E,) and weights (E, F, C, H, W); E is 0 before the first are written."""
        try:
            with np.load(self.folder / "filters.npz", allow_pickle=False) as saved:
                return saved["epochs"], saved["filters"]
        except FileNotFoundError:
            return np.zeros(0, np.int64), np.zeros((0, 0, 1, 1, 1), np.float16)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise RunError(f"The filters of {self.id} are damaged: delete its filters.npz.") from error

    def log(self, lines: int = 40) -> str:
        """The last lines that its worker printed."""
        try:
            with (self.folder / "log.txt").open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - 200 * lines))
                return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""


def find(run_id: str) -> Run:
    """The run of that name. Raises NotFound with the nearest names."""
    try:
        folder = workspace.run_folder(run_id)
    except ConfigError:
        folder = None
    if folder is None or not (folder / "config.json").is_file():
        raise NotFound("run", run_id, available=[run.id for run in every()])
    return Run(run_id, folder)


def every() -> list[Run]:
    """All runs whose configuration can be read, newest first."""
    runs = []
    root = workspace.checkpoints_root()
    for folder in root.iterdir() if root.is_dir() else ():
        try:
            run = Run(folder.name, workspace.run_folder(folder.name))
            runs.append((run.record.created, run))
        except (ConfigError, RunError):
            continue
    return [run for _, run in sorted(runs, key=lambda item: item[0], reverse=True)]


def create(
    config: RunConfig,
    versions: dict[str, str],
    machine: str,
    *,
    recorded: bool = False,
    first: status.Status | None = None,
) -> Run:
    """A new run with its configuration and, where one is given, its first state; nothing else yet.

    Raises RunError when the folder can't be written.
    """
    record = Record(created=time.time(), config=config, versions=versions, machine=machine, recorded=recorded)
    root = workspace.checkpoints_root()
    for run_id in fresh_ids(record):
        folder = workspace.run_folder(run_id)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise RunError(
                f"No run can be made in {root} ({error.strerror}): make room, or set CNNVIZ_CHECKPOINTS."
            ) from error
        try:
            if first is not None:  # before the configuration, by which the run is found
                status.write(folder, first)
            atomic.replace(folder / "config.json", record.model_dump_json(indent=1).encode())
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise RunError(
                f"No run can be made in {root} ({error.strerror}): make room on the disk."
            ) from error
        return Run(run_id, folder)
    raise RunError("Too many runs start at once: wait a second.")


def fresh_ids(record: Record) -> Iterator[str]:
    """Names for a new run, the first that is free to be taken: when, and what."""
    config = record.config
    plain = workspace.slug(f"{config.network.name}-{config.data.name}", fallback="run")
    stem = workspace.slug(config.title, fallback=plain)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(record.created))
    for number in range(1, 1000):
        yield f"{stamp}-{stem}" + (f"-{number}" if number > 1 else "")


def environment() -> tuple[dict[str, str], str]:
    """Versions of what decides a run's figures, and this machine in words. Imports none of it."""
    versions: dict[str, Any] = {"python": platform.python_version()}
    for package in ("torch", "torchvision", "numpy"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "missing"
    return versions, f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
