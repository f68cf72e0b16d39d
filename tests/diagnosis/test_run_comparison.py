"""Which runs are compared with which, by what, and what is said beside it."""

import numpy as np
import pytest

from cnnviz.config import Adam, RunConfig
from cnnviz.diagnosis.difference import paired
from cnnviz.diagnosis.run_comparison import Right, compare
from cnnviz.runs.summary import Summary


def run(name: str, rate: float, seed: int = 0, accuracy: float | None = 0.5) -> Summary:
    config = RunConfig(optimiser=Adam(learning_rate=rate), seed=seed)
    return Summary(name, config=config, validation_accuracy=accuracy)


def nothing(run: str) -> Right | None:
    return None


def test_networks_are_compared_on_the_images_that_both_were_asked_and_corrected() -> None:
    right = {
        "a": (np.arange(100), np.arange(100) < 50),
        "b": (np.arange(20, 120), np.arange(20, 120) < 58),
        "c": (np.arange(100), np.arange(100) < 40),
    }
    found = compare([run("a", 0.1), run("b", 0.2), run("c", 0.3)], right.get)
    assert found is not None
    first, second = (one.difference for one in found.compared)
    alone = paired(np.arange(20, 100) < 58, np.arange(20, 100) < 50)
    assert first.points == alone.points == 10
    assert first.chance == pytest.approx(alone.chance)  # the larger of the two
    assert second.chance == pytest.approx(2 * paired(right["c"][1], right["a"][1]).chance)
    assert {one.split for one in found.compared} == {"test"}
    assert len(found.remarks) == 3


def test_seeds_of_one_setting_are_compared_as_networks_alone() -> None:
    two = [run("a", 0.1), run("b", 0.1, seed=1)]
    assert compare(two, nothing) is None
    found = compare(two, lambda _: (np.arange(4), np.ones(4, bool)))
    assert found is not None
    assert [one.difference.words for one in found.compared] == ["no difference, within noise"]


def test_what_has_no_figure_is_left_out() -> None:
    assert compare([run("a", 0.1), run("b", 0.2, accuracy=None)], nothing) is None
    found = compare([run("a", 0.1), run("b", 0.2)], nothing)
    assert found is not None
    assert not found.compared
    assert "Two seeds" in found.remarks[0]
