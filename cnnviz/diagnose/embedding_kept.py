"""Features of many images, and maps of them, on the disk: each a file that says what it is of."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from cnnviz import atomic
from cnnviz.diagnose.embedding import Embedding, Features

_DAMAGED = (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile)


@dataclass(frozen=True, eq=False)
class Rows:
    """Features of N images."""

    features: Features
    """float32, (N, C)."""
    numbers: NDArray[np.int64]
    labels: NDArray[np.int64]


def save_rows(path: Path, rows: Rows, *, of: str) -> None:
    """Keep features. Raises OSError when the disk is full."""
    _write(path, of=of, **vars(rows))


def load_rows(path: Path, *, of: str) -> Rows | None:
    """The features that were kept; None if there are none, or of something else, or damaged."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["of"]) != of:
                return None
            return Rows(**{name: kept[name] for name in Rows.__dataclass_fields__})
    except _DAMAGED:
        return None


def save(path: Path, found: Embedding, *, of: str) -> None:
    """Keep a map. Raises OSError when the disk is full."""
    _write(path, of=of, points=found.points, about=json.dumps(about(found)))


def load(path: Path, *, of: str) -> Embedding | None:
    """The map that was kept; None if there is none, or of something else, or damaged."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["of"]) != of:
                return None
            said: dict[str, Any] = json.loads(str(kept["about"]))
            for name in ("axes", "explained"):
                said[name] = said[name] and tuple(said[name])
            return Embedding(points=kept["points"], **said)
    except _DAMAGED:
        return None


def about(found: Embedding) -> dict[str, Any]:
    """All of a map but its points, for JSON."""
    said = asdict(replace(found, points=np.zeros((0, 2), np.float32), options=dict(found.options)))
    del said["points"]
    return said


def archive(rows: Rows, found: Embedding) -> bytes:
    """A .npz of features, points, numbers and labels of the images."""
    content = io.BytesIO()
    np.savez_compressed(content, points=found.points, about=json.dumps(about(found)), **vars(rows))
    return content.getvalue()


def _write(path: Path, **arrays: Any) -> None:
    content = io.BytesIO()
    np.savez(content, **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.replace(path, content.getvalue(), durable=False)
