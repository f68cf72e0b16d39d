"""Progress of long work, on stderr: a bar in a terminal, now and then a line elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich import progress as rich
from rich.console import Console

from cnnviz.cli.answer import tell
from cnnviz.formatting import per_cent
from cnnviz.progress import Progress, Report, Result, Work, finish

_EVERY = 5.0
"""Seconds between two lines where there is no terminal."""


@contextmanager
def bar(start: str) -> Iterator[Callable[[float, str, str], None]]:
    """A bar in a terminal, nothing elsewhere. The function given takes a share (0 to 1) and what stands
    before and after the bar."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda share, before, after: None
        return
    columns: list[Any] = [
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(bar_width=32),
        rich.TextColumn("{task.fields[after]}", markup=False),
    ]
    with rich.Progress(*columns, console=console, transient=True) as drawn:
        task = drawn.add_task(start, total=1.0, after="")

        def show(share: float, before: str, after: str) -> None:
            drawn.update(task, completed=min(max(share, 0.0), 1.0), description=before, after=after)

        yield show


def run(work: Work[Result], start: str) -> Result:
    """What `work` comes to; how far it is shows on the way."""
    with reporting(start) as report:
        return finish(work, report)


@contextmanager
def reporting(start: str) -> Iterator[Report]:
    """What shows how far work is that can only report, not yield."""
    if Console(stderr=True).is_terminal:
        with bar(start) as show:
            yield lambda progress: show(
                progress.share, f"{per_cent(progress.share, digits=0):>5}", progress.doing
            )
        return
    told = time.monotonic()

    def line(progress: Progress) -> None:
        nonlocal told
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            tell(f"{per_cent(progress.share, digits=0):>5} {progress.doing}")

    yield line
