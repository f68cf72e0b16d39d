"""How often a fault was tried, and survived."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

Case = tuple[str, Callable[[], object]]
"""What is tried, in a few words, and the trial: it raises where it is not survived."""


class Lost(Exception):
    """What should have been survived was not; the message says what went wrong."""


class Unavailable(Exception):
    """This machine lacks what a fault needs. The message says what."""


@dataclass(frozen=True)
class Outcome:
    """One row of the table."""

    name: str
    what: str
    """What was done, in words."""
    tried: int
    failures: tuple[str, ...]
    """What was not survived: the case, and what went wrong."""
    lost: str
    """What was lost where it was survived."""
    seconds: float
    notes: tuple[str, ...] = field(default=())

    @property
    def survived(self) -> int:
        return self.tried - len(self.failures)


def tally(
    name: str, what: str, cases: Iterable[Case], *, lost: str = "nothing", notes: tuple[str, ...] = ()
) -> Outcome:
    """Try all cases, one after the other."""
    start, tried, failures = time.monotonic(), 0, []
    for label, attempt in cases:
        tried += 1
        try:
            attempt()
        except Exception as error:
            failures.append(f"{label}: {type(error).__name__}: {' '.join(str(error).split())[:300]}")
    return Outcome(name, what, tried, tuple(failures), lost, time.monotonic() - start, notes)


def require(holds: object, words: str) -> None:
    """Raise Lost unless it holds."""
    if not holds:
        raise Lost(words)
