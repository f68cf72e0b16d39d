"""Long work as generators: they yield how far they are, and return what they come to."""

from collections.abc import Callable, Generator
from contextlib import closing
from typing import TypeVar

Step = TypeVar("Step")
Told = TypeVar("Told")
Result = TypeVar("Result")


def outcome(
    work: Generator[Step, None, Result], tell: Callable[[Step], object] = lambda step: None
) -> Result:
    """What `work` returns; `tell` hears each of its steps, and ends it by raising."""
    with closing(work):
        while True:
            try:
                step = next(work)
            except StopIteration as end:
                result: Result = end.value
                return result
            tell(step)


def retold(work: Generator[Step, None, Result], say: Callable[[Step], Told]) -> Generator[Told, None, Result]:
    """`work`, each step of it as `say` has it: as a part of more, in other words."""
    with closing(work):
        while True:
            try:
                step = next(work)
            except StopIteration as end:
                result: Result = end.value
                return result
            yield say(step)


def part(
    work: Generator[float, None, Result], low: float, high: float, words: str
) -> Generator[tuple[float, str], None, Result]:
    """`work` that yields shares, 0 to 1, as the part from `low` to `high` of a whole, with what is being done."""
    return retold(work, lambda share: (low + (high - low) * share, words))
