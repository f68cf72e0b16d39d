"""The linear probe against scikit-learn's ridge classifier, fitted by itself."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifierCV
from sklearn.preprocessing import StandardScaler

from cnnviz.explore.statistics.linear_probe import STRENGTHS, halves, probe


def made(count: int, channels: int, classes: int, signal: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(count + channels)
    labels = random.integers(0, classes, count)
    centres = random.normal(size=(classes, channels))
    return (signal * centres[labels] + random.normal(size=(count, channels))).astype(np.float32), labels


@pytest.mark.parametrize(
    ("count", "channels", "classes", "signal"),
    [(200, 10, 5, 0.6), (60, 200, 4, 0.2), (81, 40, 3, 0.0), (120, 60, 2, 0.3), (50, 50, 7, 0.5)],
)
def test_it_is_scikit_learns(count: int, channels: int, classes: int, signal: float) -> None:
    features, labels = made(count, channels, classes, signal)
    features[:, 3] = 2.5  # says nothing
    first, right = halves(labels), 0
    for fitted in (first, ~first):
        scaler = StandardScaler().fit(features[fitted].astype(np.float64))
        classifier = RidgeClassifierCV(alphas=STRENGTHS).fit(
            scaler.transform(features[fitted].astype(np.float64)), labels[fitted]
        )
        told = classifier.predict(scaler.transform(features[~fitted].astype(np.float64)))
        right += int((told == labels[~fitted]).sum())
    found = probe(features, labels)
    assert found is not None
    assert found.accuracy == pytest.approx(right / count, abs=1.01 / count)  # a tie may fall either way
    assert found.error == pytest.approx((found.accuracy * (1 - found.accuracy) / count) ** 0.5)


def test_halves_hold_the_classes_evenly() -> None:
    labels = np.array([0] * 10 + [1] * 7 + [2])
    first = halves(labels)
    assert [int(first[labels == label].sum()) for label in (0, 1, 2)] == [5, 4, 1]


def test_what_is_separable_is_read_off_and_noise_is_not() -> None:
    features, labels = made(300, 8, 4, 30.0)
    assert probe(features, labels).accuracy == 1  # type: ignore[union-attr]
    features, labels = made(400, 300, 4, 0.0)
    assert probe(features, labels).accuracy == pytest.approx(0.25, abs=0.09)  # type: ignore[union-attr]
    assert probe(np.ones((40, 3)), np.arange(40) % 2) is not None  # nothing to read, and no crash


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [0, 1], [0, 0, 0, 1]])
def test_without_two_classes_in_both_halves_there_is_none(labels: list[int]) -> None:
    assert probe(np.random.default_rng(0).normal(size=(len(labels), 3)), np.array(labels)) is None


def test_what_is_not_finite_has_none() -> None:
    features, labels = made(40, 4, 2, 1.0)
    features[3, 2] = np.inf
    assert probe(features, labels) is None
