import numpy as np
import pytest

from cnnviz.render.order import MEASURES, largest_first

MAPS = np.array([[[0, 4]], [[3, 3]], [[-9, 5]], [[0, 0]]], np.float32)


@pytest.mark.parametrize(
    ("measure", "expected"), [("mean", [1, 0, 3, 2]), ("maximum", [2, 0, 1, 3]), ("variance", [2, 0, 1, 3])]
)
def test_largest_first(measure, expected):
    assert largest_first(MEASURES[measure](MAPS)).tolist() == expected


def test_equal_ones_keep_their_order_and_what_is_no_number_comes_last():
    assert largest_first(np.array([1.0, np.nan, 2, 1])).tolist() == [2, 0, 3, 1]
