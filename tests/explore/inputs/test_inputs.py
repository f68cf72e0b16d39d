"""What is fed is (value / 255 - mean) / std, and the words about it have the real numbers."""

import numpy as np
import pytest

from cnnviz.config import Mlp
from cnnviz.data.fitting import WAYS, fitted
from cnnviz.explore.inputs.preprocessing import as_input, reading
from cnnviz.models.checkpoint import Card

CARD = Card(
    network=Mlp(), image_shape=(8, 8, 3), classes=("a", "b"), mean=(0.1, 0.4, 0.6), std=(0.2, 0.3, 0.5), data="x",
    epoch=0, step=0,
)  # fmt: skip
IMAGE = np.random.default_rng(3).integers(0, 256, (30, 40, 3), dtype=np.uint8)


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("size", [None, 8, 16])
def test_values_by_hand(way: str, size: int | None) -> None:
    side = size or 8
    seen = as_input(IMAGE, CARD, size=size, way=way)
    np.testing.assert_array_equal(seen.pixels, fitted(IMAGE, side, side, way=way))
    assert seen.shape == (3, side, side)
    for channel, (mean, std) in enumerate(zip(CARD.mean, CARD.std, strict=True)):
        expected = (seen.pixels[:, :, channel].astype(np.float64) / 255 - mean) / std
        np.testing.assert_allclose(seen.values[channel], expected, atol=1e-6)


@pytest.mark.parametrize("way", list(WAYS))
def test_a_reading_is_of_the_real_arrays(way: str) -> None:
    seen = as_input(IMAGE, CARD, way=way)
    found = reading(IMAGE, seen, CARD, way=way)
    assert found.of == (30, 40)
    assert found.mean == CARD.mean
    assert found.std == CARD.std
    assert found.minimum == tuple(seen.values[channel].min() for channel in range(3))
    assert found.maximum == tuple(seen.values[channel].max() for channel in range(3))
    expected = {
        "crop": ((0, 5, 30, 35), (3.75, 3.75)),
        "squash": ((0, 0, 30, 40), (3.75, 5)),
        "pad": ((0, 0, 30, 40), (5, 5)),
    }
    assert (found.part, found.scale) == expected[way]


def test_inverting_comes_after_fitting() -> None:
    plain, turned = as_input(IMAGE, CARD, way="pad"), as_input(IMAGE, CARD, way="pad", invert=True)
    np.testing.assert_array_equal(255 - plain.pixels, turned.pixels)
