"""What settings explain: known values, and how often a setting that does nothing is called important."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from cnnviz.config import RunConfig
from cnnviz.studies.definition import Grid, Listing, Study
from cnnviz.studies.importance import Importance, importance
from cnnviz.studies.results import Row
from cnnviz.studies.search_space import Choices, Range, Search
from cnnviz.studies.variant import Variant


def row(figures: Sequence[float], **settings: object) -> Row:
    return Row(Variant(settings), (), None, None, None, figures)  # type: ignore[arg-type]


def study(vary: Grid | Listing | Search) -> Study:
    return Study(title="s", base=RunConfig(), vary=vary)


TWO = Grid(settings={"a": (0, 1), "b": (0, 1, 2)})


def grid(figures: object, grid: Grid = TWO) -> Importance | str:
    rows = [
        row(list(values), **one.settings)
        for one, values in zip(grid.variants(), figures, strict=True)  # type: ignore[call-overload]
    ]
    return importance(rows, study(grid))


def test_what_adds_up_is_divided_among_the_settings() -> None:
    found = grid([[0.1 * a + 0.1 * b] for a in (0, 1) for b in (0, 1, 2)])
    assert isinstance(found, Importance)
    squares = 6 * 0.05**2, 4 * 0.1**2  # by hand: both settings about their means
    assert [one.share for one in found.shares] == pytest.approx([part / sum(squares) for part in squares])
    assert found.rest["Their interplay"] == pytest.approx(0, abs=1e-9)
    assert [one.certain for one in found.shares] == [None, None]
    assert "two seeds would tell" in found.remarks[1]


def test_what_only_both_together_do_is_their_interplay() -> None:
    found = grid([[0.5 + (a * 2 - 1) * (b - 1) * 0.1] for a in (0, 1) for b in (0, 1, 2)])
    assert isinstance(found, Importance)
    assert [one.share for one in found.shares] == pytest.approx([0, 0], abs=1e-9)
    assert found.rest["Their interplay"] == pytest.approx(1)


def test_seeds_are_the_noise_and_chances_those_of_f() -> None:
    one = Grid(settings={"a": (0, 1, 2)})
    figures = [[0.80, 0.82, 0.81], [0.83, 0.82, 0.84], [0.80, 0.83, 0.82]]
    found = grid(figures, one)
    assert isinstance(found, Importance)
    (share,) = found.shares
    assert share.chance == pytest.approx(stats.f_oneway(*figures).pvalue)
    assert share.words == f"{100 * share.share:.0f} %, within noise"
    assert share.share == pytest.approx(1 - 1 / stats.f_oneway(*figures).statistic)
    assert share.share + found.rest["Seeds"] == pytest.approx(1)
    better = grid([[value + 0.1 * at for value in values] for at, values in enumerate(figures)], one)
    assert isinstance(better, Importance)
    assert better.shares[0].certain


def test_a_setting_that_does_nothing_is_important_in_one_of_twenty_grids_at_most() -> None:
    random = np.random.default_rng(0)
    told = [grid(random.normal(0.8, 0.01, (6, 2))) for _ in range(400)]
    called = [any(one.certain for one in found.shares) for found in told if isinstance(found, Importance)]
    assert len(called) == 400
    assert np.mean(called) <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


SPACE = {
    "rate": Range(low=1e-3, high=1, scale="log"),
    "drop": Range(low=0, high=0.5),
    "act": Choices(choices=("relu", "gelu")),
}


def trials(random: np.random.Generator, count: int, *, slope: float, noise: float) -> list[Row]:
    return [
        row(
            [0.8 - slope * (np.log10(rate) + 1.5) ** 2 + random.normal(0, noise)],
            rate=rate,
            drop=random.uniform(0, 0.5),
            act=str(random.choice(["relu", "gelu"])),
        )
        for rate in 10 ** random.uniform(-3, 0, count)
    ]


def test_a_search_finds_what_matters_whatever_its_shape() -> None:
    found = importance(
        trials(np.random.default_rng(3), 40, slope=0.1, noise=0.005), study(Search(settings=SPACE))
    )
    assert isinstance(found, Importance)
    assert found.shares[0].share > 0.8
    assert [one.certain for one in found.shares] == [True, False, False]


def test_choices_are_told_as_well() -> None:
    random = np.random.default_rng(5)
    rows = [
        row([0.8 + 0.1 * (one.variant.settings["act"] == "relu")], **one.variant.settings)
        for one in trials(random, 20, slope=0, noise=0)
    ]
    found = importance(rows, study(Search(settings=SPACE)))
    assert isinstance(found, Importance)
    assert found.shares[2].share == pytest.approx(1)
    assert found.shares[2].certain


@pytest.mark.slow
def test_a_search_of_noise_is_called_important_in_one_of_twenty_at_most() -> None:
    random = np.random.default_rng(1)
    count = 150
    called = []
    for _ in range(count):
        found = importance(trials(random, 12, slope=0, noise=0.01), study(Search(settings=SPACE)))
        assert isinstance(found, Importance)
        called.append(any(one.certain for one in found.shares))
    assert np.mean(called) <= 0.05 + 3 * (0.05 * 0.95 / count) ** 0.5


@pytest.mark.parametrize(
    ("rows", "vary", "words"),
    [
        ([], TWO, "every variant"),
        ([row([0.5], **one.settings) for one in TWO.variants()], TWO, "the same"),
        ([], Search(settings=SPACE), "8 trials"),
        ([], Listing(settings=({}, {"epochs": 2})), "one by one"),
    ],
)
def test_why_there_is_none(rows: list[Row], vary: Grid | Listing | Search, words: str) -> None:
    found = importance(rows, study(vary))
    assert isinstance(found, str)
    assert words in found
