"""Every perturbation against another way to work it out; and what they all promise."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays
from PIL import Image
from scipy import ndimage, signal

from cnnviz.data import perturbation
from cnnviz.data.perturbation import PERTURBATIONS, SETTINGS, in_words, shaken

pictures = some.tuples(some.integers(1, 24), some.integers(1, 24), some.sampled_from([1, 3])).flatmap(
    lambda shape: arrays(np.uint8, shape)
)
settings = some.fixed_dictionaries(
    {}, optional={name: some.floats(one.low, one.high) for name, one in SETTINGS.items()}
)
NEUTRAL = {name: one.neutral for name, one in SETTINGS.items()}


@pytest.fixture(params=[(32, 32, 3), (20, 28, 1)])
def picture(request: pytest.FixtureRequest) -> np.ndarray:
    """Smooth enough that rounding is all that two ways may differ by."""
    noise = np.random.default_rng(1).normal(0, 400, request.param)
    return (ndimage.gaussian_filter(noise, (2, 2, 0)) + 120).clip(0, 255).astype(np.uint8)


@given(pictures, settings, some.integers(0, 2**32))
def test_shape_and_type_stay_and_a_seed_draws_the_same(
    pixels: np.ndarray, values: dict[str, float], seed: int
) -> None:
    before = pixels.copy()
    made = shaken(pixels, values, seed=seed)
    assert (made.dtype, made.shape) == (np.uint8, pixels.shape)
    np.testing.assert_array_equal(made, shaken(pixels, values, seed=seed))
    np.testing.assert_array_equal(pixels, before)


@given(pictures)
def test_neutral_is_the_picture(pixels: np.ndarray) -> None:
    np.testing.assert_array_equal(shaken(pixels, {}), pixels)
    np.testing.assert_array_equal(shaken(pixels, NEUTRAL), pixels)
    np.testing.assert_array_equal(shaken(pixels, NEUTRAL | {"square_across": 3.0}), pixels)


@pytest.mark.parametrize(("across", "down"), [(25, 0), (-25, 50), (10, -40), (0, 3)])
def test_shift_is_a_roll_of_the_padded_picture(picture: np.ndarray, across: float, down: float) -> None:
    height, width = picture.shape[:2]
    padded = np.pad(picture, ((height, height), (width, width), (0, 0)))
    rolled = np.roll(padded, (round(down / 100 * height), round(across / 100 * width)), (0, 1))
    expected = rolled[height:-height, width:-width]
    np.testing.assert_array_equal(shaken(picture, {"shift": across, "shift_down": down}), expected)


def test_rotation_is_counter_clockwise_about_the_centre(picture: np.ndarray) -> None:
    square = picture[:20, :20]
    for turns in (-1, 1, 2):
        np.testing.assert_array_equal(shaken(square, {"rotation": 90 * turns}), np.rot90(square, turns))
    for degrees in (-70, 15, 33):
        expected = ndimage.rotate(picture.astype(float), degrees, reshape=False, order=1)
        whole = ndimage.rotate(np.ones(picture.shape), degrees, reshape=False, order=1) > 0.999
        found = shaken(picture, {"rotation": degrees}).astype(float)
        inside = ndimage.binary_erosion(whole[..., 0])
        assert np.abs(found - expected)[inside].max() <= 2
        assert not found[~ndimage.binary_dilation(whole[..., 0], iterations=2)].any()


def test_brightness_and_contrast_are_their_formulas(picture: np.ndarray) -> None:
    for factor in (0, 0.35, 1.7, 3):
        expected = [min(255, round(value * factor)) for value in picture.ravel().tolist()]
        assert shaken(picture, {"brightness": factor}).ravel().tolist() == expected
        grey = Image.fromarray(picture if picture.shape[2] == 3 else picture[..., 0]).convert("L")
        away = picture.astype(float) - np.asarray(grey).mean()
        expected = (np.asarray(grey).mean() + factor * away).clip(0, 255)
        assert np.abs(shaken(picture, {"contrast": factor}) - expected).max() < 2


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.5])
def test_blur_is_a_direct_convolution(picture: np.ndarray, sigma: float) -> None:
    reach = max(1, int(np.ceil(3 * sigma)))
    down, across = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.exp(-(down**2 + across**2) / (2 * sigma**2))
    padded = np.pad(picture.astype(float), ((reach, reach), (reach, reach), (0, 0)), "edge")
    planes = [
        signal.convolve2d(padded[..., one], kernel / kernel.sum(), "valid") for one in range(picture.shape[2])
    ]
    found = shaken(picture, {"blur": sigma})
    assert np.abs(found - np.stack(planes, 2)).max() <= 0.51
    assert (perturbation.blur(picture, 0) == picture).all()


def test_noise_has_its_deviation_and_grows_with_it() -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    weak, strong = (shaken(grey, {"noise": one}).astype(float) - 128 for one in (10, 20))
    assert weak.std() == pytest.approx(10, rel=0.02)
    assert weak.mean() == pytest.approx(0, abs=0.1)
    assert np.abs(strong - 2 * weak).max() <= 1.5  # of one seed, the same pattern
    assert np.corrcoef(weak[..., 0].ravel(), weak[..., 1].ravel())[0, 1] == pytest.approx(0, abs=0.02)
    assert not np.array_equal(shaken(grey, {"noise": 10}, seed=(0, 1)), shaken(grey, {"noise": 10}))


@pytest.mark.parametrize("quality", [1, 20, 90])
def test_jpeg_is_pillows_round_trip(picture: np.ndarray, quality: int) -> None:
    file = io.BytesIO()
    plain = picture if picture.shape[2] == 3 else picture[..., 0]
    Image.fromarray(plain).save(file, "JPEG", quality=quality)
    expected = np.array(Image.open(file)).reshape(picture.shape)
    np.testing.assert_array_equal(shaken(picture, {"jpeg": quality}), expected)


def test_the_square_covers_its_share_and_stays_inside() -> None:
    white = np.full((20, 40, 3), 255, np.uint8)
    made = shaken(white, {"square": 50, "square_across": 0, "square_down": 100})
    expected = white.copy()
    expected[10:, :10] = 128
    np.testing.assert_array_equal(made, expected)
    middle = shaken(white, {"square": 50})
    assert (middle[5:15, 15:25] == 128).all()
    assert (middle == 128).sum() == 10 * 10 * 3
    assert (shaken(white, {"square": 100})[:, 10:30] == 128).all()


def test_they_compose_in_the_order_of_the_registry(picture: np.ndarray) -> None:
    values = {"jpeg": 30.0, "noise": 12.0, "rotation": 20.0, "square": 40.0, "shift": 10.0, "blur": 1.0}
    by_hand = perturbation.shift(picture, 10, 0)
    by_hand = perturbation.rotation(by_hand, 20)
    by_hand = perturbation.square(by_hand, 40, 50, 50)
    by_hand = perturbation.blur(by_hand, 1)
    by_hand = perturbation.noise(by_hand, 12, seed=7)
    np.testing.assert_array_equal(shaken(picture, values, seed=7), perturbation.jpeg(by_hand, 30))


def test_settings_in_words() -> None:
    values = {"rotation": 15.0, "noise": 100.0, "jpeg": 1.0}
    assert in_words(values) == "rotation 15°, noise 100 levels, JPEG quality 1"
    assert in_words({"shift": -20.0, "rotation": 0.0}) == "shift right −20 %"


def test_every_curve_walks_through_what_can_be_set() -> None:
    assert len(SETTINGS) == sum(len(one.settings) for one in PERTURBATIONS.values())
    for name, one in PERTURBATIONS.items():
        walked = one.settings[one.strength]
        assert one.strength == name
        assert walked.neutral in one.strengths
        assert all(walked.low <= strength <= walked.high for strength in one.strengths)
        assert list(one.strengths) in (sorted(one.strengths), sorted(one.strengths, reverse=True))
