"""Long work as generators: they yield how far they are, and return what they come to."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Progress:
    """How far work is."""

    share: float
    """0 to 1."""
    doing: str = ""
    """What is being done, in words."""

    @classmethod
    def of(cls, done: int, total: int, what: str = "images", *, before: str = "") -> Progress:
        """So many of all: "1,200 of 5,000 images", with what stands `before` it."""
        return cls(done / total, f"{before}{done:,} of {total:,} {what}")


Work: TypeAlias = Generator[Progress, None, Result]
"""`Work[Curve]` yields Progress and returns a Curve. Whoever closes it stops it."""
Report: TypeAlias = Callable[[Progress], object]
"""Hears how far work is; may raise, which ends the work."""


def silent(progress: Progress) -> None:
    """Report to nobody."""


def finish(work: Work[Result], report: Report = silent) -> Result:
    """What `work` returns; `report` hears each of its steps, and ends it by raising."""
    with closing(work):
        while True:
            try:
                progress = next(work)
            except StopIteration as end:
                result: Result = end.value
                return result
            report(progress)


def within(
    work: Work[Result], low: float, high: float, doing: str | None = None, *, before: str = ""
) -> Work[Result]:
    """`work` as the part from `low` to `high` of a whole: in its own words with some `before` them, or as `doing`."""
    with closing(work):
        while True:
            try:
                progress = next(work)
            except StopIteration as end:
                result: Result = end.value
                return result
            share = low + (high - low) * progress.share
            yield Progress(share, before + progress.doing if doing is None else doing)
