"""How long it takes to look through a test set for all layers of a network."""

import time
from tempfile import TemporaryDirectory

from benchmarks.images import environment, images, on_disk, source
from benchmarks.pairs import SECONDS, Row, Unavailable
from benchmarks.runs import untrained
from cnnviz.formatting import duration, size
from cnnviz.index import control
from cnnviz.runs.run import Run
from cnnviz.runs.status import Status

_PAUSE = 0.2


def measure(*, quick: bool) -> list[Row]:
    """One row: seconds for 10,000 images on ResNet-18 with the 3×3 stem, from the click to the index on the disk."""
    count = 320 if quick else 10_000
    with TemporaryDirectory() as checkpoints, environment(CNNVIZ_CHECKPOINTS=checkpoints), on_disk():
        run = untrained(data=images().name)
        start = time.monotonic()
        status = looked_through(run, images=count)
        taken = time.monotonic() - start
        kept = (run.folder / "index" / "last" / "index.npz").stat().st_size
    return [
        Row(
            name="index" + (f", {count} images" if quick else ""),
            what=f"all layers of ResNet-18 with 3×3 stem over {count:,} images in the background, {source()}",
            unit=SECONDS,
            ours=[taken],
            at_most=None if quick else 60,
            notes=[
                f"of it {duration(taken - status.seconds)} until torch, weights and images were there",
                f"{size(kept)} on the disk",
            ],
        )
    ]


def looked_through(run: Run, *, images: int) -> Status:
    """How it ended, once the test images of a run's last snapshot have been looked through."""
    status = control.start(run.id, "last", images=images)
    while status.active:
        time.sleep(_PAUSE)
        status = control.state(run.id, "last") or status
    if status.state != "finished":
        raise Unavailable(f"The index could not be made: {status.reason}")
    return status
