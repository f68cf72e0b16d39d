"""A trained network by its name: a run and its snapshot, or a file of weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz import workspace
from cnnviz.errors import NotFound
from cnnviz.runs.run import Run, find

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.models.checkpoint import Card

_FILES = {".safetensors", ".pt", ".pth", ".pt2", ".ckpt", ".bin", ".pkl"}


@dataclass(frozen=True)
class Source:
    """Where the weights are."""

    file: Path
    run: Run | None
    """The run that they belong to, where it is known."""

    @property
    def name(self) -> str:
        """For people: run and snapshot, or the file."""
        return f"{self.run.id}, {self.file.stem}" if self.run else str(self.file)

    def document(self, card: Card) -> dict[str, Any]:
        """What was loaded."""
        return {
            "run": self.run.id if self.run else None,
            "file": str(self.file),
            "network": card.network.model_dump(mode="json"),
            "data": card.data,
            "epoch": card.epoch,
            "step": card.step,
        }


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def source(text: str, snapshot: str = "last") -> Source:
    """What `text`, a run's id or a path, stands for; a file in a run's folder belongs to that run.

    Raises NotFound for a run or snapshot that does not exist.
    """
    path = Path(text)
    if _is_file(path) or path.suffix in _FILES or "/" in text:
        folder = path.absolute().parent.parent
        there = path.parent.name == "snapshots" and (folder / "config.json").is_file()
        return Source(path, Run(folder.name, folder) if there else None)
    run = find(text)
    if snapshot not in run.snapshots():
        raise NotFound("snapshot", snapshot, available=run.snapshots())
    return Source(workspace.snapshot_file(text, snapshot), run)


def opened(text: str, snapshot: str = "last") -> tuple[Source, nn.Module, Card]:
    """What `text` stands for, its network in evaluation mode on the CPU, and its card.

    Raises NotFound for a run or snapshot that does not exist, CheckpointError for a damaged file.
    """
    where = source(text, snapshot)
    return where, *load(where)


def load(where: Source) -> tuple[nn.Module, Card]:
    """The network, in evaluation mode on the CPU, and its card. Raises CheckpointError."""
    from cnnviz.models import checkpoint

    return checkpoint.load(where.file)
