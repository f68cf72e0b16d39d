"""`runs`, `stop` and `delete`."""

import sys
from typing import Annotated

import typer

from cnnviz.cli.answer import answer, table, tell
from cnnviz.cli.document import document, how_it_ended, lines, row, whole_document
from cnnviz.cli.options import Json, RunName
from cnnviz.errors import RunError
from cnnviz.runs import control
from cnnviz.runs.run import every, find


def runs(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Show all about this one.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """List all runs, newest first, or show one with its settings and last figures."""
    if run is not None:
        found = find(run)
        answer(whole_document(found), table(lines(found)), as_json=as_json)
        return
    listed = every()
    rows = [["RUN", "STATE", "EPOCHS", "ACCURACY", "TITLE"], *map(row, listed)]
    text = table(rows) if listed else "No run yet: python -m cnnviz train starts one."
    answer([document(one) for one in listed], text, as_json=as_json)


def stop(run: RunName, *, as_json: Json = False) -> None:
    """Stop a run; its snapshots are kept."""
    status = control.stop(run)
    found = find(run)
    answer(document(found), how_it_ended(found, status), as_json=as_json)


def delete(
    run: RunName,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete a run and all its snapshots for good."""
    found = find(run)
    if not yes and not sys.stdin.isatty():
        raise RunError("There is no terminal to ask in whether to delete: add --yes.")
    if not yes and not typer.confirm(
        f"Delete {found.title} ({run}) and all its snapshots for good?", err=True
    ):
        tell("Nothing has been deleted.")
        raise typer.Exit(1)
    control.delete(run)
    answer({"deleted": run}, f"Deleted {run}.", as_json=as_json)
