"""What long work comes to, and what is heard of it on the way."""

from collections.abc import Generator

import pytest

from cnnviz.outcome import outcome, part


def work(closed: list[bool]) -> Generator[float, None, str]:
    try:
        yield 0.0
        yield 0.5
        return "done"
    finally:
        closed.append(True)


def test_steps_are_told_and_the_end_is_given() -> None:
    closed: list[bool] = []
    heard: list[float] = []
    assert outcome(work(closed), heard.append) == "done"
    assert heard == [0.0, 0.5]
    assert outcome(work(closed)) == "done"


def test_a_part_of_a_whole_is_told_as_such() -> None:
    heard: list[tuple[float, str]] = []
    assert outcome(part(work([]), 0.2, 0.6, "looking"), heard.append) == "done"
    assert heard == [(0.2, "looking"), (pytest.approx(0.4), "looking")]


def test_who_stops_listening_ends_the_work() -> None:
    closed: list[bool] = []

    def enough(step: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(part(work(closed), 0.0, 1.0, "looking"), enough)
    assert closed == [True]
