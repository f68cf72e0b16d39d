"""`queue`: the runs that wait for a slot, their order, and whether any starts."""

from typing import Annotated

import typer

from cnnviz.cli.answer import Command, Group, answer, table
from cnnviz.cli.document import document
from cnnviz.cli.options import Json, RunName
from cnnviz.errors import RunError
from cnnviz.formatting import duration
from cnnviz.runs import queue as runs
from cnnviz.runs.run import Run, find

queue = typer.Typer(name="queue", cls=Group, invoke_without_command=True)


@queue.callback()
def show(context: typer.Context, *, as_json: Json = False) -> None:
    """List the runs that train and those that wait, the next one first. More: queue pause, resume, move, slots …"""
    if context.invoked_subcommand is None:
        runs.revive()
        _answer(as_json=as_json)


@queue.command("pause", cls=Command)
def pause(*, as_json: Json = False) -> None:
    """Start no more runs; those that train go on."""
    runs.pause()
    _answer(as_json=as_json)


@queue.command("resume", cls=Command)
def resume(*, as_json: Json = False) -> None:
    """Start runs again."""
    runs.unpause()
    _answer(as_json=as_json)


@queue.command("move", cls=Command)
def move(
    run: RunName,
    place: Annotated[int, typer.Argument(metavar="PLACE", min=1, help="1 for the next one.")],
    *,
    as_json: Json = False,
) -> None:
    """Put a waiting run at another place."""
    runs.move(run, place - 1)
    _answer(as_json=as_json)


@queue.command("cancel", cls=Command)
def cancel(
    names: Annotated[list[str] | None, typer.Argument(metavar="[RUN…]", help="Runs that wait.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    as_json: Json = False,
) -> None:
    """Take runs out of the queue; `resume RUN` puts one in again."""
    if bool(names) == every:
        raise typer.BadParameter("Name the runs, or say --all.")
    others = runs.cancel(runs.waiting() if every else [find(name) for name in names or ()])
    if others and not every:
        raise RunError(
            f"{', '.join(run.id for run in others)} did not wait: `stop RUN` ends one that trains."
        )
    _answer(as_json=as_json)


@queue.command("slots", cls=Command)
def slots(
    count: Annotated[
        int | None, typer.Argument(metavar="[COUNT]", min=1, help="Without it: one a GPU, else one.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Say how many runs may train at once."""
    runs.set_slots(count)
    _answer(as_json=as_json)


def _answer(*, as_json: bool) -> None:
    settings, training, waiting = runs.settings(), runs.training(), runs.waiting()
    found = {
        "paused": settings.paused,
        "slots": settings.count,
        "training": [document(run) for run in training],
        "waiting": [document(run) for run in waiting],
    }
    rows = [["", "RUN", "TITLE", ""]]
    rows += [["trains", run.id, run.title, _left(run)] for run in training]
    rows += [[str(number), run.id, run.title, ""] for number, run in enumerate(waiting, start=1)]
    state = "paused: `queue resume` goes on" if settings.paused else f"{settings.count} at once"
    text = f"{len(training)} training, {len(waiting)} waiting; {state}."
    answer(found, f"{table(rows)}\n{text}" if training or waiting else text, as_json=as_json)


def _left(run: Run) -> str:
    left = run.status().seconds_left
    return f"{duration(left)} left" if left else ""
