import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from cnnviz.explore.filters.similarity import ORDERS, chain, cosines, nearest, norms

WEIGHTS = arrays(
    np.float32,
    some.tuples(some.integers(1, 9), some.integers(1, 3), some.sampled_from([1, 3])),
    elements=some.floats(-2, 2, width=16) | some.just(math.nan),
)


def plain_cosine(one, other):
    one, other = ([float(value) for value in np.ravel(each)] for each in (one, other))
    product = sum(a * b for a, b in zip(one, other, strict=True))
    lengths = math.sqrt(sum(a * a for a in one)) * math.sqrt(sum(b * b for b in other))
    return product / lengths if lengths else math.nan


def test_cosines_and_norms_are_those_of_plain_loops():
    weights = np.random.default_rng(0).normal(size=(7, 4, 3, 3)).astype(np.float32)
    weights[3] = 0
    weights[5] *= 1e-25  # its squares are zero in float32
    expected = [[plain_cosine(one, other) for other in weights] for one in weights]
    np.testing.assert_allclose(cosines(weights), expected, atol=1e-6)
    lengths = [math.sqrt(sum(float(value) ** 2 for value in one.flat)) for one in weights]
    np.testing.assert_allclose(norms(weights), lengths, rtol=1e-12)


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_the_nearest_is_the_one_a_plain_search_finds(groups):
    weights = np.random.default_rng(1).normal(size=(6, 2, 3, 3)).astype(np.float32)
    weights[4] = weights[1]  # of equal ones the lowest number
    weights[2] = math.nan
    similarity = cosines(weights)
    number, value = nearest(similarity, groups=groups)
    size = 6 // groups
    for one in range(6):
        others = [
            (plain_cosine(weights[one], weights[other]), -other)
            for other in range(one // size * size, (one // size + 1) * size)
            if other != one and 2 not in (one, other)
        ]
        if not others:
            assert number[one] == -1
            assert math.isnan(value[one])
            continue
        best, minus = max(others, key=lambda pair: (round(pair[0], 6), pair[1]))
        assert number[one] == -minus
        assert value[one] == pytest.approx(best, abs=1e-6)


@given(WEIGHTS, some.sampled_from(sorted(ORDERS)))
def test_an_order_is_a_permutation_and_always_the_same(weights, by):
    order = ORDERS[by].of(weights)
    assert sorted(order.tolist()) == list(range(len(weights)))
    np.testing.assert_array_equal(ORDERS[by].of(weights.copy()), order)


def test_by_norm_the_longest_first_and_by_index_as_they_are():
    weights = np.array([1, -3, math.nan, 3, 0], np.float32).reshape(5, 1, 1, 1)
    assert ORDERS["norm"].of(weights).tolist() == [1, 3, 0, 4, 2]
    assert ORDERS["index"].of(weights).tolist() == [0, 1, 2, 3, 4]


def test_a_chain_goes_on_with_the_most_similar_that_is_left():
    angles = np.deg2rad([0, 90, 10, 100, 30, 0])
    weights = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    weights[4] *= 2  # the longest
    weights[5] = 0
    assert chain(weights[:, :, None, None]).tolist() == [4, 2, 0, 1, 3, 5]
