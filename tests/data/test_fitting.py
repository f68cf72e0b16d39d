"""Every way to fit a picture, against resizing and cutting by hand with Pillow."""

import numpy as np
import pytest
from PIL import Image

from cnnviz.data import images
from cnnviz.data.fitting import DEFAULT, WAYS, fitted

WIDE = np.random.default_rng(2).integers(0, 256, (30, 60, 3), dtype=np.uint8)


def test_the_default_is_what_it_always_was() -> None:
    for shape in ((30, 60), (60, 30), (31, 33), (8, 8)):
        image = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
        np.testing.assert_array_equal(fitted(image, 12, 12, way=DEFAULT), images.fit(image, 12, 12))


def test_squashing_keeps_all_of_it() -> None:
    expected = Image.fromarray(WIDE).resize((12, 12), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(fitted(WIDE, 12, 12, way="squash"), np.asarray(expected))


def test_padding_keeps_shapes_and_lays_them_on_black() -> None:
    made = fitted(WIDE, 12, 12, way="pad")
    expected = np.asarray(Image.fromarray(WIDE).resize((12, 6), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(made[3:9], expected)
    assert not made[:3].any()
    assert not made[9:].any()
    tall = fitted(WIDE.transpose(1, 0, 2), 12, 12, way="pad")
    assert not tall[:, :3].any()
    assert tall[:, 3:9].any()


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(1, 1), (1, 3_000_000), (3_000_000, 1), (7, 3), (5000, 4800)])
def test_any_shape_is_fitted(way: str, channels: int, shape: tuple[int, int]) -> None:
    image = np.full((*shape, channels), 77, np.uint8)
    made = fitted(image, 20, 28, way=way)
    assert made.shape == (20, 28, channels)
    top, left, bottom, right = WAYS[way].place(shape, (20, 28))
    assert 0 <= top < bottom <= 20
    assert 0 <= left < right <= 28
    assert (made[top:bottom, left:right] == 77).all()
    first, second, third, fourth = WAYS[way].part(shape, (20, 28))
    assert 0 <= first < third <= shape[0]
    assert 0 <= second < fourth <= shape[1]


@pytest.mark.parametrize("way", list(WAYS))
def test_what_fits_is_left_alone(way: str) -> None:
    assert fitted(WIDE, 30, 60, way=way) is WIDE


def test_a_very_long_picture_comes_out_as_a_shorter_one() -> None:
    ramp = np.repeat(np.linspace(0, 255, 40_000).astype(np.uint8)[None, :, None], 4, axis=0)
    short = np.asarray(Image.fromarray(ramp[:, :, 0]).resize((16, 4), Image.Resampling.BOX))
    made = fitted(ramp, 4, 16, way="squash")[:, :, 0]
    assert np.abs(made.astype(int) - short).max() <= 4
