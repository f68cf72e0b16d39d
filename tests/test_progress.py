"""Long work is heard while it goes on, and ends properly however it ends."""

from collections.abc import Callable

import pytest

from cnnviz.progress import Progress, Work, finish, within


def work(closed: list[bool]) -> Work[str]:
    try:
        yield Progress(0.0)
        yield Progress(0.5, "half")
        return "done"
    finally:
        closed.append(True)


def test_steps_are_heard_and_the_end_is_given() -> None:
    heard: list[Progress] = []
    closed: list[bool] = []
    assert finish(work(closed), heard.append) == "done"
    assert heard == [Progress(0.0), Progress(0.5, "half")]
    assert finish(work(closed)) == "done"


def test_a_part_of_more_keeps_its_words_or_takes_others() -> None:
    heard: list[Progress] = []
    assert finish(within(work([]), 0.2, 0.6, "looking"), heard.append) == "done"
    assert heard == [Progress(0.2, "looking"), Progress(pytest.approx(0.4), "looking")]
    heard.clear()
    finish(within(work([]), 0.0, 1.0), heard.append)
    assert [one.doing for one in heard] == ["", "half"]


def test_counts_are_shares_and_words() -> None:
    assert Progress.of(1_200, 5_000) == Progress(0.24, "1,200 of 5,000 images")
    assert Progress.of(1, 2, "test images", before="Features of ").doing == "Features of 1 of 2 test images"


@pytest.mark.parametrize("wrapped", [lambda one: one, lambda one: within(one, 0.0, 1.0)])
def test_who_hears_enough_ends_the_work_at_once(wrapped: Callable[[Work[str]], Work[str]]) -> None:
    closed: list[bool] = []

    def enough(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finish(wrapped(work(closed)), enough)
    assert closed == [True]
