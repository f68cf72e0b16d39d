import io

import numpy as np
import pytest
from PIL import Image

from cnnviz.render.colour import LEVELS, ZERO_LEVEL, levels
from cnnviz.render.filters import kernels, matrix, mosaic, picture, strengths, tiles


def test_colour_filters_are_colour_pictures_and_others_one_picture_a_channel():
    filters = np.random.default_rng(0).random((6, 3, 5, 4))
    np.testing.assert_array_equal(tiles(filters)[5, 1, 2], filters[5, :, 1, 2])
    assert tiles(filters[:, :1]).shape == (6, 5, 4)


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


def test_a_kernel_is_as_strong_as_its_norm_and_a_single_weight_as_itself():
    filters = np.random.default_rng(0).normal(size=(2, 3, 5, 4))
    plain = [[sum(value**2 for value in kernel.flat) ** 0.5 for kernel in one] for one in filters]
    np.testing.assert_allclose(strengths(filters), plain)
    np.testing.assert_array_equal(strengths(filters[:, :, :1, :1]), filters[:, :, 0, 0])


@pytest.mark.parametrize("each", [False, True])
def test_a_matrix_has_one_pixel_a_number(each):
    values = np.array([[0, 1, 2], [4, 0, 1]], np.float32)
    drawn = matrix(values, each=each)
    assert (drawn.width, drawn.height, drawn.count, drawn.tile_height) == (3, 2, 2, 1)
    assert drawn.scale.low == 0
    pixels = np.asarray(Image.open(io.BytesIO(drawn.png)))
    np.testing.assert_array_equal(pixels, levels(values[:, None], drawn.scale)[:, 0])
    assert pixels.max() == LEVELS - 1
    assert pixels[0, 2] == (LEVELS - 1 if each else ZERO_LEVEL)
    assert matrix(np.ones((1, 2000))).width == 2000
    assert matrix(-values).scale.signed


def test_a_picture_to_keep_is_tiles_or_a_matrix():
    filters = np.random.default_rng(0).normal(size=(6, 4, 3, 3))
    assert picture(filters, tiled=False).width == 4 * 16
    assert picture(filters[:, :3], tiled=True).count == 6
    assert kernels(filters[0]).scale.signed
