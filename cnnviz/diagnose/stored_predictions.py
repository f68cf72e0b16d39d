"""Where it is stored what a snapshot says of the images of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviz import workspace
from cnnviz.artifact import StoredArtifact
from cnnviz.data.identity import identity

if TYPE_CHECKING:
    from cnnviz.explore.predictions import Predictions


def artifact(run: str, snapshot: str, split: str, *, digest: str, data: str) -> StoredArtifact[Predictions]:
    """Of the weights whose file has that SHA-256, and the data set of that name. Loads torch."""
    from cnnviz.explore.predictions import CODEC

    return StoredArtifact(
        workspace.predictions_file(run, snapshot, split),
        f"predictions {digest} {identity(data)} {split}",
        CODEC,
    )
