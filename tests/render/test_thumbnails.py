import io

import numpy as np
import pytest
from PIL import Image

from cnnviz.render.colour import DIVERGING, MAGENTA, VIRIDIS
from cnnviz.render.thumbnails import thumbnails


def pixels(found):
    return np.asarray(Image.open(io.BytesIO(found.png)))


def test_each_has_its_own_place_and_scale():
    unsigned = np.array([[0, 1], [1, 0], [0, 1]], np.float32)
    signed = np.array([[-5, 0, 5]], np.float32)
    found = thumbnails([unsigned, signed])
    assert found.boxes == ((0, 2, 3), (2, 3, 1))
    sheet = pixels(found)
    assert sheet.shape == (3, 5, 4)
    np.testing.assert_array_equal(sheet[:, :2, :3], VIRIDIS[np.array([[0, 255], [255, 0], [0, 255]])])
    np.testing.assert_array_equal(sheet[0, 2:, :3], DIVERGING[[1, 128, 255]])
    assert (sheet[1:, 2:, 3] == 0).all()
    assert (sheet[0, :, 3] == 255).all()


def test_large_ones_become_means_of_blocks():
    steps = np.repeat(np.repeat(np.arange(4.0, dtype=np.float32).reshape(2, 2), 50, 0), 50, 1)
    found = thumbnails([steps], most=50)
    assert found.boxes == ((0, 50, 50),)
    corners = pixels(found)[[0, 0, -1, -1], [0, -1, 0, -1], :3]
    np.testing.assert_array_equal(corners, VIRIDIS[[0, 85, 170, 255]])


def test_many_units_are_laid_out_and_the_rest_is_see_through():
    found = thumbnails([np.arange(19, dtype=np.float32)[None]])
    ((_, width, height),) = found.boxes
    assert (width, height) == (7, 3)
    assert (pixels(found)[..., 3] == 255).sum() == 19


def test_what_is_no_number_is_magenta():
    sheet = pixels(thumbnails([np.array([[0, np.nan, 1]], np.float32)]))
    assert tuple(sheet[0, 1]) == (*MAGENTA, 255)


def test_photos_keep_their_colours():
    photo = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    grey = photo[..., :1]
    sheet = pixels(thumbnails([photo, grey]))
    np.testing.assert_array_equal(sheet[:, :6, :3], photo)
    np.testing.assert_array_equal(sheet[:, 6:, :3], grey.repeat(3, axis=2))
    small = pixels(thumbnails([photo], most=3))
    expected = photo.reshape(2, 2, 3, 2, 3).astype(float).mean(axis=(1, 3)).round()
    np.testing.assert_allclose(small[..., :3], expected, atol=1)


def test_none_is_refused():
    with pytest.raises(ValueError, match="no pictures"):
        thumbnails([])
