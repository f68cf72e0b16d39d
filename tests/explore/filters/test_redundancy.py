import math

import numpy as np

from cnnviz.explore.filters.redundancy import redundancy, table
from cnnviz.explore.filters.weights import BatchNorm, FilterLayer, Filters


def made(weights, *, groups=1, batch_norm=None):
    count, channels, height, width = weights.shape
    layer = FilterLayer(
        name="conv", kind="Conv2d", count=count, channels=channels, size=(height, width), groups=groups,
        source="image", batch_norm=None, first=False,
    )  # fmt: skip
    return Filters(layer, weights, batch_norm=batch_norm)


def norm_with(weight):
    one = np.ones(len(weight), np.float32)
    return BatchNorm(np.array(weight, np.float32), one * 0, one * 0, one)


def noise(count, channels=8):
    return np.random.default_rng(2).normal(size=(count, channels, 3, 3)).astype(np.float32)


def test_nothing_is_found_in_noise():
    found = redundancy(made(noise(16)))
    assert not found.dead.any()
    assert not found.duplicate.any()
    assert found.in_words() == "0 of 16 dead, 0 near-duplicates (cosine ≥ 0.95)"


def test_planted_dead_and_duplicate_filters_are_found():
    weights = noise(16)
    weights[3] *= 0.001
    weights[9] = 0
    weights[12] = 2.5 * weights[5] + 0.1 * noise(17)[16]  # the same pattern, longer
    weights[7] = -weights[1]  # the opposite is no duplicate
    found = redundancy(made(weights))
    assert np.flatnonzero(found.dead).tolist() == [3, 9]
    assert np.flatnonzero(found.duplicate).tolist() == [5, 12]
    assert (found.nearest[5], found.nearest[12]) == (12, 5)
    assert found.in_words() == "2 of 16 dead, 2 near-duplicates (cosine ≥ 0.95)"


def test_the_borders_of_dead_and_near():
    weights = np.zeros((4, 2, 1, 1), np.float32)
    weights[:, :, 0, 0] = [[1, 0], [0, 0.0101], [0.951, math.sqrt(1 - 0.951**2)], [0, -0.0099]]
    found = redundancy(made(weights))
    assert found.dead.tolist() == [False, False, False, True]
    assert found.duplicate.tolist() == [True, False, True, False]
    weights[2, :, 0, 0] = [0.949, math.sqrt(1 - 0.949**2)]
    assert not redundancy(made(weights)).duplicate.any()


def test_a_batch_norm_can_silence_a_filter():
    weights = noise(4)
    weights[2] = weights[0]
    found = redundancy(made(weights, batch_norm=norm_with([1, -0.8, 0.009, -0.011])))
    assert found.silenced.tolist() == [False, False, True, False]
    assert not found.short.any()
    assert not found.duplicate.any(), "a dead filter is nobody's duplicate"


def test_more_dead_than_living():
    weights = noise(10) * 1e-6
    weights[4] = noise(11)[10]
    assert redundancy(made(weights)).dead.sum() == 9
    assert redundancy(made(weights * 0)).dead.all()


def test_filters_that_read_other_channels_are_not_compared():
    weights = noise(8, channels=1)
    weights[5] = weights[1]
    assert redundancy(made(weights)).duplicate.sum() == 2
    assert redundancy(made(weights, groups=2)).duplicate.sum() == 0
    weights[3] = weights[1]
    assert np.flatnonzero(redundancy(made(weights, groups=2)).duplicate).tolist() == [1, 3]
    depthwise = redundancy(made(weights, groups=8))
    assert depthwise.nearest.tolist() == [-1] * 8
    assert not depthwise.duplicate.any()


def test_values_that_are_not_finite_are_neither_dead_nor_duplicates():
    weights = noise(5)
    weights[1] = math.nan
    weights[2] = math.inf
    found = redundancy(made(weights))
    assert not found.dead.any()
    assert not found.duplicate.any()
    assert found.nearest[1] == found.nearest[2] == -1


def test_the_table_has_a_row_a_filter_in_its_order():
    weights = noise(3)
    filters = made(weights, batch_norm=norm_with([1, 2, 0]))
    rows = table(filters, redundancy(filters), np.array([2, 0, 1]))
    assert [row["filter"] for row in rows] == [2, 0, 1]
    assert (rows[0]["dead"], rows[0]["batch_norm_weight"], rows[0]["nearest"], rows[0]["cosine"]) == (
        True, 0.0, None, None,
    )  # fmt: skip
    assert (rows[1]["nearest"], rows[1]["bias"]) == (1, None)
