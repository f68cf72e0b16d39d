import numpy as np
import pytest
from scipy.stats import pearsonr

from cnnviz.explore.activations.difference import difference


def test_against_a_plain_loop_and_scipy():
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 3, 4, 5)).astype(np.float32)
    found = difference(a, b)
    np.testing.assert_array_equal(found.maps, b - a)
    for channel in range(3):
        cells = [abs(float(b[channel, y, x]) - float(a[channel, y, x])) for y in range(4) for x in range(5)]
        assert found.by_channel[channel] == pytest.approx(sum(cells) / 20, rel=1e-5)
    assert found.mean == pytest.approx(np.mean(found.by_channel))
    assert found.correlation == pytest.approx(pearsonr(a.ravel(), b.ravel()).statistic)


def test_what_is_no_number_takes_no_part():
    a = np.array([[[1, np.nan, np.inf]]], np.float32)
    b = np.array([[[4, 1, np.inf]]], np.float32)
    found = difference(a, b)
    assert found.mean == 3
    assert found.by_channel.tolist() == [3]
    assert np.isnan(found.correlation)


def test_one_side_the_same_everywhere_has_no_correlation():
    assert np.isnan(
        difference(np.zeros((1, 2, 2), np.float32), np.eye(2, dtype=np.float32)[None]).correlation
    )


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match="equal shapes"):
        difference(np.zeros((1, 2, 2), np.float32), np.zeros((2, 2, 2), np.float32))
