"""Where it is stored how accuracy falls as images are shaken, and for which weights and images it holds."""

from cnnviz import workspace
from cnnviz.artifact import StoredArtifact
from cnnviz.data.identity import identity
from cnnviz.explore.robustness.curve import CODEC, Curve

SEED = 0
"""Of what is drawn: images, noise."""


def artifact(
    run: str, snapshot: str, *, digest: str, data: str, perturbation: str, count: int
) -> StoredArtifact[Curve]:
    """Of weights with that SHA-256 and at most `count` test images of `data`."""
    return StoredArtifact(
        workspace.robustness_file(run, snapshot, f"{perturbation}-{count}"),
        f"{digest} {identity(data)} {count} {perturbation} {SEED}",
        CODEC,
    )
