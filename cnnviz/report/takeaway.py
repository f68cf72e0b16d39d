"""What of a run can be taken away, each as one file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from cnnviz import workspace
from cnnviz.errors import NotFound, RunError
from cnnviz.progress import Progress, Work, finish
from cnnviz.registry import Entry
from cnnviz.report import archive, curves, script
from cnnviz.runs.run import Run


@dataclass(frozen=True)
class Takeaway(Entry):
    """One kind of file, made of a run."""

    explanation: str
    """For what."""
    mime: str
    name: Callable[[Run], str]
    """The file's name, unless another one is wanted."""
    write: Callable[[Run, BinaryIO, Sequence[str]], Work[None]]
    """Writes it; of the weights those snapshots that are named, or the usual ones."""
    obstacle: Callable[[Run], str] = lambda run: ""
    """Why a run does not have it; empty if it does."""
    snapshots: bool = False
    """Whether there is a choice of snapshots."""


def writing(takeaway: Takeaway, run: Run, file: BinaryIO, snapshots: Sequence[str] = ()) -> Work[None]:
    """Write it. Raises RunError where the run does not have it, NotFound for an unknown snapshot."""
    if why := takeaway.obstacle(run):
        raise RunError(f"The run {run.id} has no {takeaway.title.lower()} to take away. {why}")
    if snapshots and not takeaway.snapshots:
        raise RunError(f"{takeaway.title} has no weights in it: leave out the snapshot.")
    there = run.snapshots()
    if missing := [name for name in snapshots if name not in there]:
        raise NotFound("snapshot", missing[0], available=there)
    yield from takeaway.write(run, file, snapshots)


def content(takeaway: Takeaway, run: Run) -> bytes:
    """The whole file, in memory."""
    file = BytesIO()
    finish(writing(takeaway, run, file))
    return file.getvalue()


def _zip(run: Run, file: BinaryIO, snapshots: Sequence[str]) -> Work[None]:
    yield from archive.pack(run, file, snapshots=snapshots or archive.usual_snapshots(run))


def _weights(run: Run, file: BinaryIO, snapshots: Sequence[str]) -> Work[None]:
    if len(snapshots) > 1:
        raise RunError("A file of weights holds one snapshot: choose one, or take the zip.")
    snapshot = snapshots[0] if snapshots else run.snapshots()[0]
    yield Progress(0.0, snapshot)
    with workspace.snapshot_file(run.id, snapshot).open("rb") as source:
        shutil.copyfileobj(source, file)


def _at_once(make: Callable[[Run], bytes]) -> Callable[[Run, BinaryIO, Sequence[str]], Work[None]]:
    def write(run: Run, file: BinaryIO, snapshots: Sequence[str]) -> Work[None]:
        yield Progress(0.0, run.id)
        file.write(make(run))

    return write


def _without_curves(run: Run) -> str:
    return "" if run.metrics().epochs else "No epoch of it was measured."


TAKEAWAYS: Mapping[str, Takeaway] = {
    "zip": Takeaway(
        "Run",
        "For another bench: `import` takes it. Settings, curves, filters, the last and the best weights.",
        "application/zip",
        lambda run: f"{run.id}.zip",
        _zip,
        snapshots=True,
    ),
    "weights": Takeaway(
        "Weights",
        "The last weights as .safetensors.",
        "application/octet-stream",
        lambda run: f"{run.id}.safetensors",
        _weights,
        obstacle=lambda run: "" if run.snapshots() else "No weights were stored.",
        snapshots=True,
    ),
    "csv": Takeaway(
        "Curves",
        "A line an epoch, for a spreadsheet.",
        "text/csv",
        lambda run: f"{run.id}.csv",
        _at_once(lambda run: curves.as_csv(run.metrics())),
        obstacle=_without_curves,
    ),
    "tensorboard": Takeaway(
        "TensorBoard events",
        "The curves by step: put the file into a folder of its own.",
        "application/octet-stream",
        lambda run: f"events.out.tfevents.{int(run.record.created)}.{run.id}",
        _at_once(lambda run: curves.as_events(run.metrics(), started=run.record.created)),
        obstacle=_without_curves,
    ),
    "script": Takeaway(
        "Script",
        "Python that trains the same network with torch, torchvision and numpy alone.",
        "text/x-python",
        lambda run: f"{run.id}.py",
        _at_once(lambda run: script.script(run).encode()),
        obstacle=script.obstacle,
    ),
    "notebook": Takeaway(
        "Notebook",
        "The script as a Jupyter notebook.",
        "application/x-ipynb+json",
        lambda run: f"{run.id}.ipynb",
        _at_once(lambda run: script.notebook(run).encode()),
        obstacle=script.obstacle,
    ),
}
"""`TAKEAWAYS[what]`: page and command line offer them all."""
