from typing import Any

import numpy as np
import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from cnnviz.config import HorizontalFlip, PadAndCrop
from cnnviz.data import augmentation
from cnnviz.data.augmentation import augment
from cnnviz.data.batches import Images, Normalise, training_batch
from cnnviz.data.geometry import horizontal_flip, pad_and_crop
from cnnviz.errors import NotFound


def noise(count: int, height: int = 6, width: int = 5, channels: int = 3) -> torch.Tensor:
    """Images without a zero, so that a crop tells where it was taken from."""
    torch.manual_seed(11)
    return torch.randint(1, 256, (count, height, width, channels), dtype=torch.uint8)


def corner(image: torch.Tensor, crop: torch.Tensor, padding: int) -> tuple[int, int] | None:
    """Where torchvision's pad and crop give `crop`."""
    height, width, _ = image.shape
    padded = functional.pad(image.permute(2, 0, 1), [padding])
    for top in range(2 * padding + 1):
        for left in range(2 * padding + 1):
            if torch.equal(functional.crop(padded, top, left, height, width).permute(1, 2, 0), crop):
                return top, left
    return None


@pytest.mark.parametrize("padding", [1, 2, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_image_is_a_crop_of_its_padded_self(padding: int, channels: int) -> None:
    images = noise(60, channels=channels)
    before = images.clone()
    crops = pad_and_crop(images, PadAndCrop(padding=padding))
    assert torch.equal(images, before)
    assert (crops.shape, crops.dtype) == (images.shape, torch.uint8)
    corners = [corner(image, crop, padding) for image, crop in zip(images, crops, strict=True)]
    assert None not in corners
    assert len(set(corners)) > 4  # each its own


def test_all_corners_are_equally_likely() -> None:
    padding, count = 2, 10_000
    one = noise(1, 4, 4, 1)
    crops = pad_and_crop(one.expand(count, -1, -1, -1), PadAndCrop(padding=padding))
    kinds, counts = torch.unique(crops.flatten(1), dim=0, return_counts=True)
    assert len(kinds) == 25
    chi_square = float(((counts - count / 25) ** 2 / (count / 25)).sum())
    assert chi_square < 51  # 24 degrees of freedom: 1 in 1,000


def test_as_torchvision_for_the_same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    images, padding = noise(20), 3
    corners = torch.randint(2 * padding + 1, (2, 20, 1))
    with monkeypatch.context() as scripted:
        scripted.setattr(torch, "randint", lambda *_, **__: corners)
        crops = pad_and_crop(images, PadAndCrop(padding=padding))
    transform = v2.RandomCrop((6, 5), padding=padding)
    for number in range(20):
        draws = iter(corners[:, number])  # the row, then the column
        with monkeypatch.context() as scripted:
            scripted.setattr(torch, "randint", lambda *_, draws=draws, **__: next(draws))
            expected = transform(images[number].permute(2, 0, 1))
        assert torch.equal(crops[number], expected.permute(1, 2, 0))


@pytest.mark.parametrize("probability", [0.0, 0.3, 0.5, 1.0])
def test_flips(probability: float) -> None:
    images = noise(4000, 2, 3, 1)
    flipped = horizontal_flip(images, HorizontalFlip(probability=probability))
    mirrored = functional.horizontal_flip(images.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    is_same = (flipped == images).flatten(1).all(1)
    is_mirrored = (flipped == mirrored).flatten(1).all(1)
    assert bool((is_same | is_mirrored).all())
    share = float((is_mirrored & ~is_same).double().mean()) / float(
        (images != mirrored).flatten(1).any(1).double().mean()
    )
    assert share == pytest.approx(probability, abs=0.03 if 0 < probability < 1 else 0)
    assert (flipped.shape, flipped.dtype) == (images.shape, torch.uint8)


def test_steps_are_taken_in_order_and_follow_the_seed() -> None:
    images = noise(50)
    steps = (PadAndCrop(padding=2), HorizontalFlip())

    def drawn(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return augment(images, steps)

    torch.manual_seed(1)
    by_hand = horizontal_flip(pad_and_crop(images, steps[0]), steps[1])
    assert torch.equal(drawn(1), by_hand)
    assert not torch.equal(drawn(1), drawn(2))
    assert torch.equal(augment(images, ()), images)


@pytest.mark.parametrize("channels", [1, 3])
def test_normalise_as_torchvision(channels: int) -> None:
    mean, std = [0.485, 0.456, 0.406][:channels], [0.229, 0.224, 0.225][:channels]
    pixels = noise(9, channels=channels)
    plain = pixels.permute(0, 3, 1, 2)
    expected = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize(mean, std)])(plain)
    inputs = Normalise.of(mean, std, torch.device("cpu"))(pixels)
    assert inputs.dtype == torch.float32
    torch.testing.assert_close(inputs, expected, rtol=1e-5, atol=1e-6)
    exact = (plain.double() / 255 - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
    torch.testing.assert_close(inputs.double(), exact, rtol=1e-5, atol=2e-6)


def test_a_training_batch_is_the_chosen_images() -> None:
    pixels, labels = noise(30), torch.arange(30) % 4
    chosen = torch.tensor([5, 2, 29])
    normalise: Any = Normalise.of([0.0] * 3, [1.0] * 3, torch.device("cpu"))
    inputs, answers, _ = training_batch(Images(pixels, labels), chosen, normalise)
    expected = pixels[chosen].numpy().transpose(0, 3, 1, 2) / 255
    np.testing.assert_allclose(inputs.numpy(), expected, rtol=1e-6)
    assert answers.tolist() == [1, 2, 1]
    assert len(Images(pixels, labels)) == 30


def test_an_augmentation_that_nobody_carries_out_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(augmentation.CHANGES, "horizontal_flip")
    with pytest.raises(NotFound, match=r"No augmentation 'horizontal_flip'\. .*rotation"):
        augment(noise(2), [HorizontalFlip()])
