"""Colours, turns and mixes against torchvision, image by image, for the same draws."""

import math
from collections.abc import Callable, Sequence

import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from cnnviz.config import (
    Augmentation,
    ColourJitter,
    CutMix,
    Erasing,
    GaussianBlur,
    Grayscale,
    Mixup,
    RandomResizedCrop,
    Rotation,
)
from cnnviz.data.augmentation import augment, mix
from cnnviz.data.colours import colour_jitter, gaussian_blur, grayscale, turned
from cnnviz.data.geometry import erasing, random_resized_crop, resize, rotation

Draw = Callable[[Sequence[Sequence[float]]], None]


def smooth(count: int, size: int = 16, channels: int = 3, *, width: int = 0) -> torch.Tensor:
    """Images without hard edges, on which two ways of interpolating differ little."""
    torch.manual_seed(5)
    small = torch.randint(0, 256, (count, 4, 4, channels), dtype=torch.uint8)
    return resize(small, (size, width or size))


def planes(images: torch.Tensor) -> torch.Tensor:
    return images.permute(0, 3, 1, 2)


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Has the next calls of `uniform_` give these values, one row a call."""

    def set_(rows: Sequence[Sequence[float]]) -> None:
        waiting = iter(rows)
        monkeypatch.setattr(
            torch.Tensor,
            "uniform_",
            lambda self, low, high: self.copy_(torch.tensor(next(waiting)).view_as(self)),
        )

    return set_


def test_brightness_contrast_and_saturation_as_torchvision(draws: Draw) -> None:
    images = smooth(3)
    amounts = [[-0.3, 0.0, 0.4], [0.4, -0.4, 0.1], [-0.2, 0.3, 0.0]]
    draws(amounts)
    ours = colour_jitter(images, ColourJitter(hue=0))
    for number, image in enumerate(planes(images)):
        x = functional.adjust_brightness(image.float() / 255, 1 + amounts[0][number])
        x = functional.adjust_contrast(x, 1 + amounts[1][number])
        x = functional.adjust_saturation(x, 1 + amounts[2][number])
        assert (planes(ours)[number].float() - 255 * x).abs().max() <= 1.5


@pytest.mark.parametrize("shift", [-0.5, -0.17, 0.0, 0.08, 0.33, 0.5])
def test_hue_as_torchvision(shift: float) -> None:
    pixels = planes(smooth(6)).float() / 255
    ours = turned(pixels, torch.full((6, 1, 1), shift))
    torch.testing.assert_close(ours, functional.adjust_hue(pixels, shift), rtol=0, atol=2e-3)


def test_grey_as_torchvision_and_by_its_share() -> None:
    images = smooth(2000, 4)
    ours = grayscale(images, Grayscale(probability=0.3))
    grey = functional.rgb_to_grayscale(planes(images), num_output_channels=3)
    changed = (planes(ours).float() - grey.float()).abs().flatten(1).amax(1) <= 1
    kept = (ours == images).flatten(1).all(1)
    assert bool((changed | kept).all())
    assert float((changed & ~kept).double().mean()) == pytest.approx(0.3, abs=0.04)


def test_blur_as_torchvision_away_from_the_border(draws: Draw) -> None:
    torch.manual_seed(3)
    images = torch.randint(0, 256, (2, 24, 24, 3), dtype=torch.uint8)
    draws([[0.5, 1.4]])
    ours = planes(gaussian_blur(images, GaussianBlur(probability=1, largest=2.0)))
    for number, sigma in enumerate([0.5, 1.4]):
        theirs = functional.gaussian_blur(planes(images)[number].float(), [13, 13], [sigma, sigma])
        assert (ours[number].float() - theirs)[:, 6:-6, 6:-6].abs().max() <= 1


@pytest.mark.parametrize("size", [(24, 24), (16, 24), (30, 14)])
def test_rotation_as_torchvision(draws: Draw, size: tuple[int, int]) -> None:
    angles = [25, -10, -45, 80]
    torch.manual_seed(4)
    images = torch.randint(0, 256, (4, *size, 3), dtype=torch.uint8)
    draws([[math.radians(angle) for angle in angles]])
    ours = planes(rotation(images, Rotation(degrees=90)))
    for found, plain, angle in zip(ours, planes(images).float(), angles, strict=True):
        theirs = functional.rotate(plain, angle, InterpolationMode.BILINEAR)
        whole = functional.rotate(torch.ones_like(plain), angle, InterpolationMode.BILINEAR)
        assert ((found - theirs).abs()[whole > 0.99] <= 1).all()
        assert not found[whole == 0].any()


@pytest.mark.parametrize(("height", "width"), [(16, 16), (16, 24)])
def test_a_part_is_enlarged_as_torchvision_does(draws: Draw, height: int, width: int) -> None:
    images = smooth(1, height, width=width)
    # An area of a quarter, of the image's own shape, in the upper right corner.
    draws([[0.25], [0.0], [[1.0], [-1.0]]])
    ours = planes(random_resized_crop(images, RandomResizedCrop()))
    theirs = functional.resized_crop(
        planes(images).float(), 0, width // 2, height // 2, width // 2, [height, width], antialias=False
    )
    assert (ours.float() - theirs)[:, :, 1:-1, 1:-1].abs().max() <= 1


def test_parts_never_leave_the_image() -> None:
    images = torch.full((500, 12, 12, 3), 200, dtype=torch.uint8)
    parts = random_resized_crop(images, RandomResizedCrop(ratio=3))
    assert int(parts.min()) == 200  # black would come from outside


def test_erasing_takes_rectangles_of_the_sizes_that_are_said() -> None:
    images = torch.full((2000, 32, 32, 1), 255, dtype=torch.uint8)
    lost = (erasing(images, Erasing(probability=0.5, largest=0.2)) == 0)[..., 0]
    share = lost.double().mean((1, 2))
    assert float((share > 0).double().mean()) == pytest.approx(0.5, abs=0.05)
    assert float(share.max()) < 0.26
    for mask in lost[share > 0][:50]:
        rows, columns = mask.any(1), mask.any(0)
        assert torch.equal(mask, rows[:, None] & columns[None, :])
        assert int(rows.double().diff().abs().sum()) <= 2  # in one piece


@pytest.mark.parametrize("step", [Mixup(alpha=1.0), CutMix()])
def test_labels_are_mixed_as_the_pixels_are(step: Augmentation) -> None:
    torch.manual_seed(0)
    labels = torch.arange(200) % 4
    images = (labels * 60).to(torch.uint8)[:, None, None, None].expand(-1, 16, 16, 1).contiguous()
    mixed, shares = mix(images, labels, [step], classes=4)
    torch.testing.assert_close(shares.sum(1), torch.ones(200))
    # Images of class k are filled with 60 k: the mean pixel tells the shares.
    torch.testing.assert_close(mixed.double().mean((1, 2, 3)), (shares.double() @ torch.arange(4.0).double()) * 60,
                               rtol=0, atol=0.51)  # fmt: skip
    assert len({round(float(share), 4) for share in shares.max(1).values}) > 20  # each its own


def test_without_mixing_labels_stay_labels() -> None:
    labels = torch.arange(3)
    images = smooth(3)
    same, targets = mix(images, labels, [Grayscale()], classes=3)
    assert same is images
    assert targets is labels


EVERY: tuple[Augmentation, ...] = (
    RandomResizedCrop(), Rotation(), ColourJitter(), Grayscale(), GaussianBlur(), Erasing(),
)  # fmt: skip


@pytest.mark.parametrize("step", EVERY, ids=lambda step: step.name)
@pytest.mark.parametrize("channels", [1, 3])
def test_each_keeps_shape_and_type_and_draws_for_every_image(step: Augmentation, channels: int) -> None:
    one = smooth(1, 12, channels)
    images = one.expand(64, -1, -1, -1).contiguous()
    before = images.clone()

    def drawn(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return augment(images, [step])

    changed = drawn(1)
    assert torch.equal(images, before)
    assert (changed.shape, changed.dtype) == (images.shape, torch.uint8)
    assert torch.equal(changed, drawn(1))
    if channels == 3 or not isinstance(step, Grayscale):
        kinds = len({image.numpy().tobytes() for image in changed})
        assert kinds >= (2 if isinstance(step, Grayscale) else 10)


def test_resizing_as_torchvision() -> None:
    torch.manual_seed(2)
    images = torch.randint(0, 256, (2, 20, 14, 3), dtype=torch.uint8)
    for size in (8, 33):
        theirs = functional.resize(planes(images), [size, size], antialias=True)
        assert (planes(resize(images, size)).int() - theirs.int()).abs().max() <= 1
