import numpy as np
import pytest

from cnnviz.explore.channels.selectivity import class_selectivity


def by_hand(means, labels, classes):
    found = []
    for channel in range(means.shape[1]):
        averages = [means[labels == c, channel].mean() for c in range(classes) if (labels == c).any()]
        best = max(averages)
        averages.remove(best)
        rest = sum(averages) / len(averages)
        found.append((best - rest) / (best + rest))
    return found


def test_as_a_plain_loop_has_it():
    random = np.random.default_rng(0)
    means = random.random((40, 6)).astype(np.float32)
    labels = random.integers(0, 4, 40)
    assert class_selectivity(means, labels, 5) == pytest.approx(by_hand(means.astype(float), labels, 5))


def test_one_class_only_is_one_and_all_alike_is_nought():
    labels = np.array([0, 0, 1, 2])
    means = np.array([[3.0, 2.0], [3.0, 2.0], [0.0, 2.0], [0.0, 2.0]])
    assert class_selectivity(means, labels, 3).tolist() == [1.0, 0.0]


def test_silence_and_a_single_class_have_none():
    assert np.isnan(class_selectivity(np.zeros((4, 1)), np.array([0, 0, 1, 1]), 2)).all()
    assert np.isnan(class_selectivity(np.ones((2, 1)), np.array([1, 1]), 2)).all()
