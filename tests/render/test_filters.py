import io

import numpy as np
import pytest
from PIL import Image

from cnnviz.render.filters import mosaic, order_by_norm, tiles


def test_colour_filters_are_colour_pictures_and_others_one_picture_a_channel():
    filters = np.random.default_rng(0).random((6, 3, 5, 4))
    np.testing.assert_array_equal(tiles(filters)[5, 1, 2], filters[5, :, 1, 2])
    assert tiles(filters[:, :1]).shape == (6, 5, 4)


def test_order_by_norm_is_stable_and_puts_nan_last():
    filters = np.array([1, -3, np.nan, 3, 2], np.float32).reshape(5, 1, 1, 1)
    assert order_by_norm(filters).tolist() == [1, 3, 4, 0, 2]


@pytest.mark.parametrize(("channels", "count", "mode"), [(1, 4, "P"), (3, 4, "RGB"), (4, 16, "P")])
def test_mosaic_of_filters_is_signed(channels, count, mode):
    filters = np.random.default_rng(0).random((4, channels, 5, 5))
    picture = mosaic(filters, columns=2, gap=2)
    assert picture.count == count
    assert picture.gap == 2
    assert picture.scale.signed
    assert picture.scale.high == -picture.scale.low == filters.max()
    assert Image.open(io.BytesIO(picture.png)).mode == mode
    assert len(mosaic(filters, each=True).scale.highs) == count
