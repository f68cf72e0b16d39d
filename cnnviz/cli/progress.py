"""Progress of long work, on stderr: a bar in a terminal, now and then a line elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cnnviz.cli.answer import tell

Tell = Callable[[float, str], None]
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
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=32),
        TextColumn("{task.fields[after]}", markup=False),
    ]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(start, total=1.0, after="")

        def show(share: float, before: str, after: str) -> None:
            progress.update(task, completed=min(max(share, 0.0), 1.0), description=before, after=after)

        yield show


@contextmanager
def working(start: str) -> Iterator[Tell]:
    """A function that is told how far work is (0 to 1) and what is being done."""
    if Console(stderr=True).is_terminal:
        with bar(start) as show:
            yield lambda share, message: show(share, f"{share:4.0%}", message)
        return
    told = time.monotonic()

    def line(share: float, message: str) -> None:
        nonlocal told
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            tell(f"{share:4.0%} {message}")

    yield line
