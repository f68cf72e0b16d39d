"""How far a map is: told in numbers, also by a method that only prints."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

_ITERATION = re.compile(r"Iteration (\d+)")


@contextmanager
def iterations(told: Callable[[int], object]) -> Iterator[None]:
    """In the block nothing is printed; `told` is given each number that would have come after "Iteration".

    It is the whole process whose output is held back: not for a thread beside others that print.
    """
    with redirect_stdout(_Listener(told)):
        yield


class _Listener(io.TextIOBase):
    def __init__(self, told: Callable[[int], object]) -> None:
        self._told = told

    def write(self, text: str) -> int:
        for number in _ITERATION.findall(text):
            self._told(int(number))
        return len(text)
