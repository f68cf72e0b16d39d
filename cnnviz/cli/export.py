"""`export`: a run or a study as a file to take away, or in another tool's store."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from cnnviz import atomic
from cnnviz.cli import files, progress
from cnnviz.cli.answer import answer
from cnnviz.cli.options import Force, Json
from cnnviz.errors import CnnvizError, NotFound
from cnnviz.formatting import size
from cnnviz.progress import Work
from cnnviz.registry import entry
from cnnviz.report.takeaway import (
    STORES,
    STUDY_FILES,
    TAKEAWAYS,
    FileTakeaway,
    StoreTakeaway,
    storing,
    storing_study,
    writing,
)
from cnnviz.runs.run import Run, find
from cnnviz.studies import folder
from cnnviz.studies import progress as studies


def export(
    name: Annotated[str, typer.Argument(metavar="RUN|STUDY", help="As `runs` or `study list` has it.")],
    *,
    what: Annotated[str, typer.Option(metavar="|".join(TAKEAWAYS), help="What of it.")] = "zip",
    to: Annotated[
        str | None,
        typer.Option(metavar="FILE|STORE", help="Without it, a file with the run's name here."),
    ] = None,
    snapshot: Annotated[
        list[str] | None,
        typer.Option(help="Weights to take: last, best, epoch_0001, … or all; may be repeated."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a run as a file: a zip that another bench imports, weights, curves, or the script that repeats it.

    A study goes out as a zip, too, with its finished runs. `--what mlflow` writes a run or a study into a tracking
    store of MLflow's.
    """
    takeaway = entry("export", what, TAKEAWAYS)
    try:
        run = find(name)
    except NotFound:
        if name not in {one.id for one in folder.every()}:
            raise
        _study(name, what, to, snapshot or [], force=force, as_json=as_json)
        return
    snapshots = run.snapshots() if snapshot == ["all"] else snapshot or []
    if isinstance(takeaway, StoreTakeaway):
        work = storing(takeaway, run, to or takeaway.address(), snapshots, again=force)
        where = progress.run(work, f"Writing to {takeaway.title}")
        answer({"run": run.id, "what": what, "where": where}, where, as_json=as_json)
    else:
        _file(takeaway, run, what, to, snapshots, force=force, as_json=as_json)


def _file(
    takeaway: FileTakeaway, run: Run, what: str, to: str | None, snapshots: Sequence[str], *,
    force: bool, as_json: bool,
) -> None:  # fmt: skip
    usual = Path(takeaway.name(run))
    path = Path(to) if to else usual
    if what == "tensorboard" and "tfevents" not in path.name:
        raise typer.BadParameter("TensorBoard reads files with tfevents in their name.", param_hint="--to")
    suffix = path.suffix if what == "tensorboard" else usual.suffix
    work = partial(writing, takeaway, run, snapshots=snapshots)
    _write(work, path, suffix, {"run": run.id, "what": what}, force=force, as_json=as_json)


def _study(
    name: str, what: str, to: str | None, snapshots: Sequence[str], *, force: bool, as_json: bool
) -> None:
    study = studies.look(name)
    told = {"study": name, "what": what}
    if what in STUDY_FILES:
        write = STUDY_FILES[what].write
        path = Path(to or f"{name}.{what}")
        _write(
            lambda file: write(study, file, snapshots), path, f".{what}", told, force=force, as_json=as_json
        )
        return
    if what not in STORES or snapshots:
        kinds = " or ".join((*STUDY_FILES, *STORES))
        raise CnnvizError(f"{name} is a study: it goes out as --what {kinds}, the latter without a snapshot.")
    takeaway = STORES[what]
    stored = storing_study(takeaway, study, to or takeaway.address(), again=force)
    where = progress.run(stored, f"Writing to {takeaway.title}")
    answer(told | {"where": where}, where, as_json=as_json)


def _write(
    work: Callable[[BinaryIO], Work[object]], path: Path, suffix: str, told: dict[str, str], *,
    force: bool, as_json: bool,
) -> None:  # fmt: skip
    target = files.destination(path, suffixes=(suffix.lower(),), force=force, option="--to")
    with atomic.replacing(target) as file:
        progress.run(work(file), f"Writing {target.name}")
    written = target.stat().st_size
    answer({**told, "file": str(target), "bytes": written}, f"{target}, {size(written)}", as_json=as_json)
