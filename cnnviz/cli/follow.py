"""Watching a run from the terminal until it ends."""

import time
from contextlib import suppress

import typer

from cnnviz.cli.answer import answer, tell
from cnnviz.cli.document import epoch_line, how_it_ended, test_line, whole_document
from cnnviz.cli.progress import bar
from cnnviz.errors import RunError
from cnnviz.formatting import duration
from cnnviz.runs import control, queue
from cnnviz.runs.metrics import Metrics
from cnnviz.runs.run import Run
from cnnviz.runs.status import Status

_PAUSE = 0.2


def follow(run: Run, *, as_json: bool) -> None:
    """Tell how the run goes until it ends, then answer with its result. Ctrl-C stops the run.

    Leaves with status 1 when it did not finish, with 130 after Ctrl-C.
    """
    asked = False
    try:
        watch(run)
    except KeyboardInterrupt:
        asked = True
        tell("Stopping; what has been learnt is kept …")
        with suppress(RunError):  # it has ended by itself just now
            control.stop(run.id)
    status = run.status()
    if status.state == "finished":
        answer(whole_document(run), f"Test {test_line(run.metrics())}.", as_json=as_json)
        return
    if as_json:
        answer(whole_document(run), "", as_json=True)
    tell(how_it_ended(run, status))
    raise typer.Exit(130 if asked else 1)


def finish(run: Run) -> None:
    """Tell how the run goes until it ends. Ctrl-C stops it.

    Leaves with status 130 after Ctrl-C, and with 1 when the run did not finish.
    """
    try:
        watch(run)
    except KeyboardInterrupt:
        tell("Stopping; what has been learnt is kept …")
        with suppress(RunError):
            control.stop(run.id)
        tell(how_it_ended(run, run.status()))
        raise typer.Exit(130) from None
    if run.status().state != "finished":
        tell(how_it_ended(run, run.status()))
        raise typer.Exit(1)


def watch(run: Run) -> None:
    """Tell how the run goes until no worker is at it any more."""
    metrics = Metrics(run.folder / "metrics.jsonl")
    metrics.update()
    told, reason = len(metrics.epochs), ""
    with bar("Getting ready") as show:
        while True:
            status = run.status()
            metrics.update()
            told = min(told, len(metrics.epochs))
            for line in metrics.epochs[told:]:
                tell(epoch_line(line, status.epochs))
            told = len(metrics.epochs)
            if not status.active:
                return
            queue.revive()
            news = status.reason or queue.position(run)
            if news and news != reason:
                tell(news)
            reason = news
            show(status.share, _where(status), _figures(metrics, status))
            time.sleep(_PAUSE)


def _where(status: Status) -> str:
    return f"epoch {status.current_epoch} of {status.epochs}" if status.steps else "Getting ready"


def _figures(metrics: Metrics, status: Status) -> str:
    parts = []
    if metrics.steps:
        last = metrics.steps[-1]
        parts = [f"loss {last.loss:.3f}", f"accuracy {100 * last.accuracy:.0f} %"]
    if status.seconds_left:
        parts.append(f"{duration(status.seconds_left)} left")
    return ", ".join(parts)
