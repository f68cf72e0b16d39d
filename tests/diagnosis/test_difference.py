"""Differences and their noise: known values, and how often equal settings are called different."""

import numpy as np
import pytest
from scipy import stats

from cnnviz.diagnosis.difference import NATS, Difference, corrected, from_first, over_seeds, paired


def test_pairs_are_tested_as_a_coin_is() -> None:
    one, other = np.zeros(1000, bool), np.zeros(1000, bool)
    one[:30], other[20:35] = True, True
    one[900:] = other[900:] = True
    found = paired(one, other)
    assert found.chance == pytest.approx(stats.binomtest(20, 25).pvalue)
    assert found.points == pytest.approx(1.5)
    assert found.words == "1.5 points better, more than noise"
    assert paired(other, one).points == -found.points
    assert paired(other, one).chance == found.chance
    assert paired(one, one) == Difference(
        0.0, 1.0, "0 images only this one gets right, 0 only the other, of 1,000"
    )


def test_seeds_are_tested_as_welch_did() -> None:
    one, other = [0.81, 0.83, 0.82], [0.80, 0.79, 0.82, 0.79]
    found, known = over_seeds(one, other), stats.ttest_ind(one, other, equal_var=False)
    assert found.chance == pytest.approx(known.pvalue)
    interval = known.confidence_interval()
    assert (found.low, found.high) == pytest.approx((100 * interval.low, 100 * interval.high))
    assert found.words == f"2.0 points better, within noise: {found.seeds} seeds would tell"
    assert over_seeds(other, one).words.startswith("2.0 points worse")
    assert over_seeds([0.5, 0.5], [0.5, 0.5]).words == "no difference, within noise"


def test_more_seeds_tell_what_fewer_do_not() -> None:
    noise = np.array([-0.01, 0.01])
    found = over_seeds([*(0.8 + noise)], [*(0.79 + noise)])
    assert not found.certain
    assert found.seeds is not None
    again = np.resize(noise, found.seeds + 1)
    assert over_seeds([*(0.8 + again)], [*(0.79 + again)]).chance < found.chance
    assert over_seeds([0.80, 0.90], [0.80, 0.8999]).seeds is None


def test_seeds_that_would_tell_are_more_than_there_are_and_hold_for_several() -> None:
    first = [0.50, 0.52]
    alone = over_seeds([0.56, 0.59], first)
    assert not alone.certain
    assert alone.seeds == 3
    assert over_seeds([0.56, 0.60], [0.49, 0.4901]).seeds == 3  # two would be enough if both scattered alike
    several = from_first([first, [0.56, 0.59], *[[0.50, 0.521]] * 9])
    told = several[0]
    assert told is not None
    assert told.seeds is not None
    assert told.seeds > 3  # one of ten has to be surer
    more = over_seeds(
        np.resize([0.56, 0.59], told.seeds + 1).tolist(), np.resize(first, told.seeds + 1).tolist()
    )
    assert 10 * more.chance < 0.05
    assert from_first([[0.5], [0.6, 0.7]]) == [None]


def test_losses_are_told_in_nats_of_which_less_is_better() -> None:
    found = over_seeds([0.50, 0.51, 0.52], [0.60, 0.61, 0.62], unit=NATS)
    assert found.words == "0.100 nats better, more than noise"
    assert found.low is not None
    assert 0 < found.low < 0.1
    assert found.interval_in_words.startswith("+0.0")


def test_several_are_corrected_together() -> None:
    chances = [0.04, 0.01, 0.02, 0.5]
    found = corrected([Difference(1.0, one, "") for one in chances])
    assert [one.chance for one in found] == pytest.approx([0.08, 0.04, 0.06, 0.5])
    assert [one.certain for one in found] == [False, True, False, False]
    assert corrected([]) == []


STUDIES = 2000
ALLOWED = 0.05 + 3 * (0.05 * 0.95 / STUDIES) ** 0.5
"""Three standard errors of so many studies above one in twenty."""


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_equal_settings_are_called_different_in_one_of_twenty_studies_at_most(seeds: int) -> None:
    """A/A: one setting under many seeds, on a test set of 1,000 images."""
    random = np.random.default_rng(seeds)
    accuracies = np.clip(random.normal(0.8, 0.01, (STUDIES, 2, seeds)), 0, 1)
    measured = random.binomial(1000, accuracies) / 1000
    called = [over_seeds([*one], [*other]).certain for one, other in measured]
    assert np.mean(called) <= ALLOWED


def test_equal_networks_are_called_different_in_one_of_twenty_studies_at_most() -> None:
    random = np.random.default_rng(0)
    easy = random.random((STUDIES, 1, 500)) < 0.7
    right = easy | (random.random((STUDIES, 2, 500)) < 0.4)
    assert np.mean([paired(one, other).certain for one, other in right]) <= 0.05


@pytest.mark.slow
def test_of_four_settings_hardly_any_is_called_different() -> None:
    """The chance that any of three comparisons with the first errs is one in twenty as well."""
    random = np.random.default_rng(1)
    studies = random.normal(0.8, 0.01, (STUDIES, 4, 3))
    wrong = [
        any(one.certain for one in corrected([over_seeds([*other], [*study[0]]) for other in study[1:]]))
        for study in studies
    ]
    assert np.mean(wrong) <= ALLOWED
