"""`runs`, `stop`, `delete` and `note`."""

import sys
from typing import Annotated

import typer

from cnnviz.cli.answer import answer, table, tell
from cnnviz.cli.document import document, how_it_ended, lines, row, whole_document
from cnnviz.cli.options import Json, RunName
from cnnviz.errors import RunError
from cnnviz.runs import control, notes
from cnnviz.runs.run import find
from cnnviz.runs.summary import fitting, summaries


def runs(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Show all about this one.")] = None,
    *,
    search: Annotated[
        str, typer.Option(help="Words that title, tags, note or settings contain, or KEY=VALUE of a setting.")
    ] = "",
    tag: Annotated[list[str] | None, typer.Option(help="Only runs with this tag; may be repeated.")] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Archived ones as well.")] = False,
    as_json: Json = False,
) -> None:
    """List runs, newest first, or show one with its settings and last figures."""
    if run is not None:
        found = find(run)
        answer(whole_document(found), table(lines(found)), as_json=as_json)
        return
    every = summaries()
    whole = [one for one in every if not one.damaged]
    listed = [
        one
        for one in fitting(whole, search)
        if (archived or not one.archived) and set(tag or ()).issubset(one.tags)
    ]
    rows = [["RUN", "STATE", "EPOCHS", "ACCURACY", "TITLE"], *map(row, listed)]
    none = "No run fits." if whole else "No run yet: python -m cnnviz train starts one."
    documents = [document(find(one.id)) for one in listed] if as_json else []
    answer(documents, table(rows) if listed else none, as_json=as_json)
    for one in every:
        if one.damaged:
            tell(f"{one.id} can't be read: {one.damaged}")


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


def note(
    run: RunName,
    *,
    tag: Annotated[list[str] | None, typer.Option(help="Add this tag; may be repeated.")] = None,
    untag: Annotated[list[str] | None, typer.Option(help="Take this tag away; may be repeated.")] = None,
    text: Annotated[str | None, typer.Option(help="What to note; empty for nothing.")] = None,
    archive: Annotated[
        bool | None, typer.Option("--archive/--unarchive", help="Leave it out of lists, or not any more.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tag a run, note something on it, or archive it; without options, show what is noted."""
    if tag or untag or text is not None or archive is not None:
        said = notes.change(run, tags=tag or (), without=untag or (), note=text, archived=archive)
    else:
        said = notes.read(find(run).folder)
    lines = [f"tags: {', '.join(said.tags) or 'none'}", f"note: {said.note or 'none'}"]
    lines += ["archived"] if said.archived else []
    answer({"run": run} | said.model_dump(mode="json", exclude={"format"}), "\n".join(lines), as_json=as_json)
