"""What many images become before a network reads them, to the last bit, against the formula written out."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from cnnviz.config import Mlp
from cnnviz.data.batches import Images, Normalise, images_at_once, input_batches
from cnnviz.explore.inputs.batches import batches, unnormalised_batches, usual_batch_size
from cnnviz.explore.inputs.preprocessing import as_fed
from cnnviz.models.checkpoint import Card

NUMBERS = np.array([3, 0, 17, 18, 5, 29, 11])
STORED = np.random.default_rng(1).integers(0, 256, (30, 12, 12, 3), dtype=np.uint8)
STORED.flags.writeable = False  # as that of a file that is mapped


def card(height: int, width: int) -> Card:
    return Card(
        network=Mlp(), image_shape=(height, width, 3), classes=("a", "b"), mean=(0.1, 0.4, 0.6), std=(0.2, 0.3, 0.5),
        data="x", epoch=0, step=0,
    )  # fmt: skip


def plain(number: int, size: tuple[int, int]) -> torch.Tensor:
    pixels = torch.from_numpy(STORED[number].copy())
    if size != (12, 12):
        planes = pixels.permute(2, 0, 1)[None].float()
        planes = functional.interpolate(planes, size=size, mode="bilinear", antialias=True)
        pixels = planes[0].round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0)
    mean, std = torch.tensor([[0.1, 0.4, 0.6], [0.2, 0.3, 0.5]], dtype=torch.float64)
    scale, shift = (1 / (255 * std)).float(), (mean / std).float()
    return (pixels.float() * scale - shift).permute(2, 0, 1)


@pytest.mark.parametrize("size", [(12, 12), (8, 8), (20, 20), (16, 24)])
@pytest.mark.parametrize("batch_size", [1, 3, 7, None])
def test_every_image_is_resized_and_normalised_and_keeps_its_place(
    size: tuple[int, int], batch_size: int | None
) -> None:
    found = list(batches(card(*size), STORED, NUMBERS, batch_size=batch_size))
    assert [here.stop - here.start for here, _ in found] == [len(inputs) for _, inputs in found]
    assert max(len(inputs) for _, inputs in found) <= (batch_size or 100)
    assert [number for here, _ in found for number in NUMBERS[here]] == list(NUMBERS)
    inputs = torch.cat([inputs for _, inputs in found])
    assert (inputs.dtype, inputs.shape) == (torch.float32, (len(NUMBERS), 3, *size))
    for one, number in zip(inputs, NUMBERS, strict=True):
        assert torch.equal(one, plain(number, size))


def test_pixels_before_they_are_normalised() -> None:
    found = list(unnormalised_batches(card(8, 20), STORED, NUMBERS))
    (_, pixels), (_, inputs) = found[0], next(batches(card(8, 20), STORED, NUMBERS))
    assert (len(found), pixels.dtype, pixels.shape) == (1, np.uint8, (7, 8, 20, 3))
    for one, values in zip(pixels, inputs, strict=True):
        np.testing.assert_allclose(as_fed(one, card(8, 20)).values, values, atol=1e-6)


def test_images_on_a_device_are_read_the_same_way() -> None:
    here = Images(torch.from_numpy(STORED[NUMBERS]), torch.zeros(7), size=(16, 24))
    normalise = Normalise.of(card(1, 1).mean, card(1, 1).std, torch.device("cpu"))
    for (place, inputs), (other, expected) in zip(
        input_batches(here, normalise, batch_size=3),
        batches(card(16, 24), STORED, NUMBERS, batch_size=3),
        strict=True,
    ):
        assert place == other
        assert torch.equal(inputs, expected)


def test_large_images_come_in_small_batches() -> None:
    sizes = {
        size: usual_batch_size(card(*size)) for size in [(8, 8), (32, 32), (32, 64), (64, 64), (224, 224)]
    }
    assert list(sizes.values()) == [100, 100, 50, 25, 8]
    assert [images_at_once((side, side), most=500, least=16) for side in (28, 64, 224)] == [500, 125, 16]
