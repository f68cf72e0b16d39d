"""`export`: a run as a file to take away."""

from pathlib import Path
from typing import Annotated

import typer

from cnnviz import atomic
from cnnviz.cli import files, progress
from cnnviz.cli.answer import answer
from cnnviz.cli.options import Force, Json, RunName
from cnnviz.formatting import size
from cnnviz.registry import entry
from cnnviz.report.takeaway import TAKEAWAYS, writing
from cnnviz.runs.run import find


def export(
    run: RunName,
    *,
    what: Annotated[str, typer.Option(metavar="|".join(TAKEAWAYS), help="What of it.")] = "zip",
    to: Annotated[
        Path | None, typer.Option(help="The file; without it, one with the run's name here.")
    ] = None,
    snapshot: Annotated[
        list[str] | None,
        typer.Option(help="Weights to take: last, best, epoch_0001, … or all; may be repeated."),
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a run as a file: a zip that another bench imports, weights, curves, or the script that repeats it."""
    found = find(run)
    takeaway = entry("export", what, TAKEAWAYS)
    usual = Path(takeaway.name(found))
    path = to or usual
    if what == "tensorboard" and "tfevents" not in path.name:
        raise typer.BadParameter("TensorBoard reads files with tfevents in their name.", param_hint="--to")
    suffix = path.suffix if what == "tensorboard" else usual.suffix
    target = files.destination(path, suffixes=(suffix.lower(),), force=force, option="--to")
    snapshots = found.snapshots() if snapshot == ["all"] else snapshot or []
    with atomic.replacing(target) as file:
        progress.run(writing(takeaway, found, file, snapshots), f"Writing {target.name}")
    written = target.stat().st_size
    answer(
        {"run": found.id, "what": what, "file": str(target), "bytes": written},
        f"{target}, {size(written)}",
        as_json=as_json,
    )
