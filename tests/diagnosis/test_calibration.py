"""Calibration against scikit-learn's curve, temperature against scipy's minimiser."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from cnnviz.diagnosis.calibration import calibration
from cnnviz.diagnosis.temperature import COOLEST, best_temperature, scaled, scaling


def drawn(seed, *, count=400, classes=4, sharper=1.0):
    """Labels drawn from the probabilities, which are then made `sharper` than they should be."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (count, classes))
    labels = np.array([random.choice(classes, p=row) for row in softmax(logits, axis=1)])
    return labels, logits * sharper


@given(st.integers(0, 10_000), st.integers(1, 20), st.integers(1, 80))
def test_bins_are_scikit_learns(seed, bins, count):
    labels, logits = drawn(seed, count=count)
    shares = softmax(logits, axis=1)
    found = calibration(labels, shares, bins=bins)
    right = shares.argmax(1) == labels
    truth, said = calibration_curve(right, shares.max(1), n_bins=bins)
    assert [one.accuracy for one in found.bins] == pytest.approx(truth)
    assert [one.confidence for one in found.bins] == pytest.approx(said)
    assert sum(one.count for one in found.bins) == found.images == count
    edges = np.linspace(0, 1, bins + 1)
    by_hand = [
        (here.mean(), abs(right[here].mean() - shares.max(1)[here].mean()))
        for low, high in pairwise(edges)
        if (here := (shares.max(1) > low) & (shares.max(1) <= high)).any()
    ]
    assert found.ece == pytest.approx(sum(share * gap for share, gap in by_hand))
    assert found.mce == pytest.approx(max(gap for _, gap in by_hand))
    assert found.nll == pytest.approx(log_loss(labels, shares, labels=range(4)), rel=1e-6)


def test_a_bin_holds_its_upper_edge():
    shares = np.array([[0.5, 0.5], [0.25, 0.75], [0.0, 1.0]])
    found = calibration(np.array([0, 1, 1]), shares, bins=4)
    assert [(one.low, one.high, one.count) for one in found.bins] == [
        (0.25, 0.5, 1), (0.5, 0.75, 1), (0.75, 1.0, 1),
    ]  # fmt: skip


@given(st.integers(0, 10_000), st.floats(0.3, 4))
def test_the_temperature_is_scipys(seed, sharper):
    labels, logits = drawn(seed, sharper=sharper)

    def loss(temperature):
        return -log_softmax(logits / temperature, axis=1)[np.arange(len(labels)), labels].mean()

    best = minimize_scalar(loss, bounds=(0.06, 19), method="bounded", options={"xatol": 1e-7}).x
    assert best_temperature(labels, softmax(logits, axis=1)) == pytest.approx(best, rel=1e-3)


def test_a_network_that_is_too_sure_is_mended_and_no_guess_changes():
    labels, logits = drawn(1, count=4000, sharper=3.0)
    shares = softmax(logits, axis=1)
    found = scaling(labels, shares)
    assert found.temperature == pytest.approx(3.0, rel=0.1)
    assert not found.at_bound
    assert found.fitted_on == found.after.images == 2000
    assert found.after.ece < 0.03
    assert found.before.ece > 0.1
    assert found.after.nll < found.before.nll
    assert scaled(shares, 3.0) == pytest.approx(softmax(logits / 3, axis=1), abs=1e-6)
    assert (scaled(shares, 7.0).argmax(1) == shares.argmax(1)).all()


def test_the_half_that_judges_is_not_the_half_that_fits():
    labels, logits = drawn(2, count=100)
    shares = softmax(logits, axis=1)
    order = np.random.default_rng(0).permutation(100)
    other = labels.copy()
    other[order[50:]] = (other[order[50:]] + 1) % 4
    assert scaling(other, shares).temperature == scaling(labels, shares).temperature
    assert scaling(other, shares).before.nll != scaling(labels, shares).before.nll


def test_all_right_has_no_best_temperature_and_certainty_no_infinite_loss():
    shares = softmax(np.eye(4) * 3, axis=1)
    found = scaling(np.arange(4), shares)
    assert found.at_bound
    assert found.temperature == pytest.approx(COOLEST, rel=1e-3)
    sure = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert np.isfinite(calibration(np.array([1, 0]), sure).nll)
    assert np.isfinite(scaled(sure, 2.0)).all()
    assert scaling(np.array([0]), sure[:1]) is None
