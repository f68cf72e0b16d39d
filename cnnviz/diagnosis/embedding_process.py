"""A map made in a process of its own, which goes on when the page is left: scikit-learn's t-SNE can't be asked to stop.

`python -m cnnviz.diagnosis.embedding_process FOLDER LEASE QUESTION`: `QUESTION` is JSON.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cnnviz.artifact import StoredArtifact
from cnnviz.diagnosis.embedding import Embedding, embed
from cnnviz.diagnosis.embedding_file import EMBEDDING, FEATURES, ImageFeatures
from cnnviz.errors import CnnvizError
from cnnviz.runs import job, process
from cnnviz.runs.status import Status

_NICE = 5
"""Pages and trainings come first."""
_STEPS = 1_000
"""What the work counts as."""
_PATIENCE = 1.0
"""Seconds until a process that does not answer is killed: nothing is lost by it."""


@dataclass(frozen=True)
class EmbeddingQuestion:
    """What a process is to make a map of, and how."""

    features: str
    """File of the features."""
    features_mark: str
    target: str
    """File of the map."""
    mark: str
    method: str
    options: Mapping[str, int]
    seed: int


def folder(target: StoredArtifact[Embedding]) -> Path:
    """Where the process that makes a map says how far it is."""
    return target.path.with_suffix("")


def start(
    features: StoredArtifact[ImageFeatures],
    target: StoredArtifact[Embedding],
    *,
    method: str,
    options: Mapping[str, int],
    seed: int,
) -> Status:
    """Make the map of stored features, unless that is under way. Raises RunError when the folder can't be written."""
    question = EmbeddingQuestion(
        str(features.path), features.mark, str(target.path), target.mark, method, dict(options), seed
    )
    first = Status(state="running", reason="Loading.", steps=_STEPS, updated=time.time())
    return process.start_once(
        folder(target), __name__, first, json.dumps(asdict(question)), what="The map"
    )  # fmt: skip


def state(target: StoredArtifact[Embedding]) -> Status | None:
    """How the making goes, or how it went the last time; None if there was none."""
    return process.state(folder(target))


def stop(target: StoredArtifact[Embedding]) -> None:
    """End the making."""
    process.end(folder(target), patience=_PATIENCE)


class Embedder(job.Job):
    """One map in the making."""

    room = "make room, then make the map again"
    smaller = "choose fewer images"

    def __init__(self, folder: Path, descriptor: int, arguments: list[str]) -> None:
        super().__init__(folder, descriptor)
        self.question = EmbeddingQuestion(**json.loads(arguments[0]))

    def do(self) -> None:
        """Make the map, and store it."""
        asked = self.question
        features = StoredArtifact(Path(asked.features), asked.features_mark, FEATURES).load()
        if features is None:
            raise CnnvizError("The features were removed meanwhile: make the map again.")
        found = embed(
            features.features, method=asked.method, labels=features.labels, seed=asked.seed,
            options=asked.options, report=self.report,
        )  # fmt: skip
        StoredArtifact(Path(asked.target), asked.mark, EMBEDDING).save(found)
        self.tell(durable=False, state="finished", reason="", step=_STEPS, seconds_left=None)


def main() -> None:
    """Make the map that the command line names."""
    # Threads that wait for one another on a busy machine had better sleep.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    job.main(Embedder, nice=_NICE)


if __name__ == "__main__":
    main()
