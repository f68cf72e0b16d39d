"""What is stored of a network's predictions, and for which weights and images it holds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnviz import workspace
from cnnviz.artifact import StoredArtifact
from cnnviz.data.identity import identity
from cnnviz.errors import CheckpointError

if TYPE_CHECKING:
    from cnnviz.explore.predictions import Predictions


def artifact(run: str, snapshot: str, split: str, *, digest: str, data: str) -> StoredArtifact[Predictions]:
    """Where it is stored what weights of that SHA-256 say of the images of a split of `data`."""
    from cnnviz.explore.predictions import CODEC

    mark = f"predictions {digest} {identity(data)} {split}"
    return StoredArtifact(workspace.predictions_file(run, snapshot, split), mark, CODEC)


def known(run: str, snapshot: str = "last", split: str = "test") -> Predictions | None:
    """What is known of the images of a split; None for nothing, or for weights that are no more. Loads torch."""
    if not exist(run, snapshot, split):
        return None
    from cnnviz.models import checkpoint

    file = workspace.snapshot_file(run, snapshot)
    try:
        card, _ = checkpoint.read_some(file, ())
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except (CheckpointError, OSError):
        return None
    return artifact(run, snapshot, split, digest=digest, data=card.data).load()


def right(run: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """Numbers of test images (N,), and where a run's last weights are right (N,), if that is stored."""
    found = known(run)
    return None if found is None else (found.numbers, found.right)


def exist(run: str, snapshot: str, split: str) -> bool:
    """Whether there are predictions of a snapshot at all, of whatever weights."""
    return workspace.predictions_file(run, snapshot, split).exists()
