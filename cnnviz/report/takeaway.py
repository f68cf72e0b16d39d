"""What of a run can be taken away: as one file, or into another tool's store."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from io import BytesIO
from typing import BinaryIO, Literal, Protocol

from cnnviz import workspace
from cnnviz.errors import NotFound, RunError
from cnnviz.progress import Progress, Work, finish
from cnnviz.registry import Entry
from cnnviz.report import (
    archive,
    curves,
    mlflow_store,
    model_folder,
    onnx_file,
    program_file,
    script,
    study_archive,
)
from cnnviz.report.handout import page as handout
from cnnviz.runs.run import Run
from cnnviz.studies.progress import Progress as Study

Group = Literal["run", "network", "code"]
GROUPS: Mapping[Group, str] = {
    "run": "The run",
    "network": "Its network, for use elsewhere",
    "code": "Code that trains it again",
}
"""What things are taken away of, in the order in which they are offered."""


@dataclass(frozen=True)
class Takeaway(Entry):
    """One thing that a run is made into."""

    explanation: str
    """For what."""
    _: KW_ONLY
    group: Group = "run"
    obstacle: Callable[[Run], str] = lambda run: ""
    """Why a run does not have it; empty if it does."""
    snapshots: bool = False
    """Whether there is a choice of snapshots."""
    size: Callable[[Run], str] = lambda run: ""
    """How large it will be, in words, where that is no small matter."""


@dataclass(frozen=True)
class FileTakeaway(Takeaway):
    """One kind of file."""

    mime: str
    name: Callable[[Run], str]
    """The file's name, unless another one is wanted."""
    write: Callable[[Run, BinaryIO, Sequence[str]], Work[None]]
    """Writes it; of the weights those snapshots that are named, or the usual ones."""


@dataclass(frozen=True)
class StudyTakeaway(Entry):
    """One kind of file that a study is made into."""

    explanation: str
    mime: str
    write: Callable[[Study, BinaryIO, Sequence[str]], Work[object]]
    """Writes it; of each run's weights those snapshots that are named, or the usual one."""


class WriteRun(Protocol):
    def __call__(self, run: Run, store: str, snapshots: Sequence[str], *, again: bool) -> Work[str]:
        """Where it is now, in words; `again` replaces what was there."""


class WriteStudy(Protocol):
    def __call__(self, study: Study, store: str, *, again: bool) -> Work[str]:
        """Where it is now, in words; runs that were there are left, unless `again` replaces them."""


@dataclass(frozen=True)
class StoreTakeaway(Takeaway):
    """A place of another tool's, which holds many runs."""

    address: Callable[[], str]
    """Of the store, unless another one is wanted."""
    write: WriteRun
    write_study: WriteStudy
    missing: Callable[[], str]
    """Why the tool can't be had here; empty if it can."""


def writing(takeaway: FileTakeaway, run: Run, file: BinaryIO, snapshots: Sequence[str] = ()) -> Work[None]:
    """Write it. Raises RunError where the run does not have it, NotFound for an unknown snapshot."""
    check(takeaway, run, snapshots)
    yield from takeaway.write(run, file, snapshots)


def storing(
    takeaway: StoreTakeaway, run: Run, store: str, snapshots: Sequence[str] = (), *, again: bool = False
) -> Work[str]:
    """Where it is now, in words. Raises as `writing` does, and RunError where the store can't be written."""
    check(takeaway, run, snapshots)
    return (yield from takeaway.write(run, store, snapshots, again=again))


def storing_study(takeaway: StoreTakeaway, study: Study, store: str, *, again: bool = False) -> Work[str]:
    """Where its finished runs are now, in words. Raises RunError where that can't be."""
    if why := takeaway.missing():
        raise RunError(why)
    return (yield from takeaway.write_study(study, store, again=again))


def check(takeaway: Takeaway, run: Run, snapshots: Sequence[str] = ()) -> None:
    """Raises RunError where the run does not have it, NotFound for an unknown snapshot."""
    if why := takeaway.obstacle(run):
        raise RunError(f"{takeaway.title}: the run {run.id} can't be taken away. {why}")
    if snapshots and not takeaway.snapshots:
        raise RunError(f"{takeaway.title} has no weights in it: leave out the snapshot.")
    there = run.snapshots()
    if missing := [name for name in snapshots if name not in there]:
        raise NotFound("snapshot", missing[0], available=there)


def content(takeaway: FileTakeaway, run: Run) -> bytes:
    """The whole file, in memory."""
    return _in_memory(partial(writing, takeaway, run))


def study_content(takeaway: StudyTakeaway, study: Study) -> bytes:
    """The whole file, in memory."""
    return _in_memory(lambda file: takeaway.write(study, file, ()))


def _in_memory(work: Callable[[BinaryIO], Work[object]]) -> bytes:
    file = BytesIO()
    finish(work(file))
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


def _under_way(run: Run) -> str:
    return "It is still under way: wait, or stop it." if run.status().active else ""


def _without_weights(run: Run) -> str:
    return "" if run.snapshots() else "No weights were stored."


def _without_curves(run: Run) -> str:
    return "" if run.metrics().epochs else "No epoch of it was measured."


FILES: Mapping[str, FileTakeaway] = {
    "zip": FileTakeaway(
        "Run",
        "For another bench: `import` takes it. Settings, curves, filters, the last and the best weights.",
        "application/zip",
        lambda run: f"{run.id}.zip",
        _zip,
        snapshots=True,
    ),
    "weights": FileTakeaway(
        "Weights",
        "The last weights as .safetensors.",
        "application/octet-stream",
        lambda run: f"{run.id}.safetensors",
        _weights,
        group="network",
        obstacle=_without_weights,
        snapshots=True,
    ),
    "csv": FileTakeaway(
        "Curves",
        "A line an epoch, for a spreadsheet.",
        "text/csv",
        lambda run: f"{run.id}.csv",
        _at_once(lambda run: curves.as_csv(run.metrics())),
        obstacle=_without_curves,
    ),
    "tensorboard": FileTakeaway(
        "TensorBoard events",
        "The curves by step: put the file into a folder of its own.",
        "application/octet-stream",
        lambda run: f"events.out.tfevents.{int(run.record.created)}.{run.id}",
        _at_once(lambda run: curves.as_events(run.metrics(), started=run.record.created)),
        obstacle=_without_curves,
    ),
    "program": FileTakeaway(
        "Exported program",
        "The network with its weights as .pt2: `torch.export.load` runs it without any code of the bench.",
        "application/octet-stream",
        lambda run: f"{run.id}.pt2",
        program_file.write,
        group="network",
        obstacle=_without_weights,
        snapshots=True,
    ),
    "onnx": FileTakeaway(
        "ONNX",
        "The network for other runtimes: pixels in, logits out, compared with PyTorch on the test images first.",
        "application/octet-stream",
        lambda run: f"{run.id}.onnx",
        onnx_file.write,
        group="network",
        obstacle=lambda run: onnx_file.missing() or _without_weights(run),
        snapshots=True,
    ),
    "huggingface": FileTakeaway(
        "Hugging Face folder",
        "For the Hub: model card, weights and the network as an exported program, which needs no code of the bench.",
        "application/zip",
        lambda run: f"{run.id}-huggingface.zip",
        model_folder.write,
        group="network",
        obstacle=_without_weights,
        snapshots=True,
    ),
    "page": FileTakeaway(
        "One page",
        "The network itself as HTML that works without server or network: pictures in, every layer's maps out.",
        "text/html",
        lambda run: f"{run.id}.html",
        handout.write,
        group="network",
        obstacle=handout.obstacle,
        snapshots=True,
        size=handout.estimate,
    ),
    "script": FileTakeaway(
        "Script",
        "Python that trains the same network with torch, torchvision and numpy alone.",
        "text/x-python",
        lambda run: f"{run.id}.py",
        _at_once(lambda run: script.script(run).encode()),
        group="code",
        obstacle=script.obstacle,
    ),
    "notebook": FileTakeaway(
        "Notebook",
        "The script as a Jupyter notebook.",
        "application/x-ipynb+json",
        lambda run: f"{run.id}.ipynb",
        _at_once(lambda run: script.notebook(run).encode()),
        group="code",
        obstacle=script.obstacle,
    ),
}
STUDY_FILES: Mapping[str, StudyTakeaway] = {
    "zip": StudyTakeaway(
        "Study",
        "For another bench: `import` takes it. The plan, and the finished runs with their best weights.",
        "application/zip",
        lambda study, file, snapshots: study_archive.pack_study(study, file, snapshots=snapshots),
    ),
}
STORES: Mapping[str, StoreTakeaway] = {
    "mlflow": StoreTakeaway(
        "MLflow",
        "Settings, curves and the best weights, beside other runs in a tracking store.",
        mlflow_store.address,
        mlflow_store.write,
        mlflow_store.write_study,
        mlflow_store.missing,
        obstacle=lambda run: mlflow_store.missing() or _under_way(run),
        snapshots=True,
    ),
}
TAKEAWAYS: Mapping[str, FileTakeaway | StoreTakeaway] = {**FILES, **STORES}
"""`TAKEAWAYS[what]`: page and command line offer them all."""
