"""Ways to shake one picture, each by a strength that is set: uint8 (H, W, 1 or 3), NumPy and Pillow alone."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnviz.formatting import decimal

Picture = NDArray[np.uint8]
Seed = int | Sequence[int]

_LUMA = (0.299, 0.587, 0.114)
"""How bright red, green and blue look (ITU-R BT.601), as in the augmentations."""
_GREY = 128
_SHARP = 0.05
"""Standard deviations of a blur below this leave every pixel to itself."""


@dataclass(frozen=True)
class PerturbationSetting:
    """A number that is set of a perturbation."""

    label: str
    unit: str
    low: float
    high: float
    neutral: float
    """At which nothing happens."""
    step: float

    def words(self, value: float) -> str:
        """A value with its unit: 15°, −20 %, 1.5 px."""
        text = decimal(value, "g")
        return text + self.unit if self.unit == "°" else f"{text} {self.unit}".rstrip()

    def fitting(self, value: float) -> float:
        """The value, or the end of the range that it is beyond."""
        return min(max(value, self.low), self.high)


@dataclass(frozen=True)
class Perturbation:
    """One way to shake a picture."""

    title: str
    what: str
    """What it does, in a sentence."""
    settings: Mapping[str, PerturbationSetting]
    """By their names in an address; the first one is the strength."""
    apply: Callable[..., Picture]
    """Takes the picture, a value for each setting, and the seed by that name."""
    strengths: tuple[float, ...]
    """That a curve of accuracy walks, mildest first on each side; the neutral one is among them."""

    @property
    def strength(self) -> str:
        """Name of the setting that a curve walks."""
        return next(iter(self.settings))


def shift(pixels: Picture, across: float, down: float, *, seed: Seed = 0) -> Picture:
    """The picture moved to the right and down, in per cent of its sides, by whole pixels; black comes in."""
    height, width = pixels.shape[:2]
    x, y = round(across * width / 100), round(down * height / 100)
    moved = np.zeros_like(pixels)
    if abs(x) < width and abs(y) < height:
        moved[max(y, 0) : height + min(y, 0), max(x, 0) : width + min(x, 0)] = pixels[
            max(-y, 0) : height - max(y, 0), max(-x, 0) : width - max(x, 0)
        ]
    return moved


def rotation(pixels: Picture, degrees: float, *, seed: Seed = 0) -> Picture:
    """The picture turned about its centre, counter-clockwise (bilinear), black where nothing was."""
    turned = _image(pixels).rotate(degrees, Image.Resampling.BILINEAR)
    return np.asarray(turned).reshape(pixels.shape)


def square(pixels: Picture, side: float, across: float, down: float, *, seed: Seed = 0) -> Picture:
    """The picture with a grey square of `side` per cent of its shorter side.

    `across` and `down` say how far the square is on its way from the left to the right and from top to bottom, in
    per cent; it never leaves the picture.
    """
    height, width = pixels.shape[:2]
    pixel = round(side * min(height, width) / 100)
    top, left = round(down * (height - pixel) / 100), round(across * (width - pixel) / 100)
    covered = pixels.copy()
    covered[top : top + pixel, left : left + pixel] = _GREY
    return covered


def brightness(pixels: Picture, factor: float, *, seed: Seed = 0) -> Picture:
    """Every value times `factor`."""
    return _rounded(pixels * float(factor))


def contrast(pixels: Picture, factor: float, *, seed: Seed = 0) -> Picture:
    """Every value's distance from the picture's mean brightness (luma) times `factor`."""
    middle = float(pixels.mean()) if pixels.shape[2] == 1 else float((pixels @ np.array(_LUMA)).mean())
    return _rounded(middle + (pixels - middle) * factor)


def blur(pixels: Picture, sigma: float, *, seed: Seed = 0) -> Picture:
    """A Gaussian blur of standard deviation `sigma` in pixels, cut at 3 `sigma`; the border repeats its last pixel."""
    if sigma < _SHARP:
        return pixels
    reach = max(1, math.ceil(3 * sigma))
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    weights = (weights / weights.sum()).astype(np.float32)
    values = pixels.astype(np.float32)
    for axis in (0, 1):
        length = values.shape[axis]
        wide = values.take(np.arange(-reach, length + reach).clip(0, length - 1), axis)
        values = np.zeros_like(values)
        for offset, weight in enumerate(weights):
            part = [slice(None)] * 3
            part[axis] = slice(offset, offset + length)
            values += weight * wide[tuple(part)]
    return _rounded(values)


def noise(pixels: Picture, deviation: float, *, seed: Seed = 0) -> Picture:
    """Gaussian noise of that standard deviation, in 0 to 255, added to every value; a seed always draws the same."""
    drawn = np.random.default_rng(seed).standard_normal(pixels.shape, dtype=np.float32)
    return _rounded(pixels + np.float32(deviation) * drawn)


def jpeg(pixels: Picture, quality: float, *, seed: Seed = 0) -> Picture:
    """The picture saved as JPEG and read again, as pixels."""
    file = io.BytesIO()
    _image(pixels).save(file, "JPEG", quality=round(quality))
    return np.asarray(Image.open(file, formats=("JPEG",))).reshape(pixels.shape)


_SIDES = (-50.0, -37.5, -25.0, -12.5, -6.25, 0.0, 6.25, 12.5, 25.0, 37.5, 50.0)
_ANGLES = (-180.0, -135.0, -90.0, -60.0, -30.0, -15.0, 0.0, 15.0, 30.0, 60.0, 90.0, 135.0, 180.0)

PERTURBATIONS: Mapping[str, Perturbation] = {
    "shift": Perturbation(
        title="Shift",
        what="Moves the picture by whole pixels, in per cent of its sides; black comes in.",
        settings={
            "shift": PerturbationSetting("Shift, right", "%", -50, 50, 0, 1),
            "shift_down": PerturbationSetting("Shift, down", "%", -50, 50, 0, 1),
        },
        apply=shift,
        strengths=_SIDES,
    ),
    "rotation": Perturbation(
        title="Rotation",
        what="Turns the picture about its centre, counter-clockwise; black comes in.",
        settings={"rotation": PerturbationSetting("Rotation", "°", -180, 180, 0, 1)},
        apply=rotation,
        strengths=_ANGLES,
    ),
    "square": Perturbation(
        title="Occluding square",
        what="Covers a square with grey; its side is in per cent of the picture's shorter side.",
        settings={
            "square": PerturbationSetting("Square, side", "%", 0, 100, 0, 1),
            "square_across": PerturbationSetting("Square, across", "%", 0, 100, 50, 1),
            "square_down": PerturbationSetting("Square, down", "%", 0, 100, 50, 1),
        },
        apply=square,
        strengths=(0.0, 12.5, 25.0, 37.5, 50.0, 62.5, 75.0),
    ),
    "brightness": Perturbation(
        title="Brightness",
        what="Multiplies every value.",
        settings={"brightness": PerturbationSetting("Brightness", "×", 0, 3, 1, 0.05)},
        apply=brightness,
        strengths=(0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0),
    ),
    "contrast": Perturbation(
        title="Contrast",
        what="Multiplies every value's distance from the picture's mean brightness.",
        settings={"contrast": PerturbationSetting("Contrast", "×", 0, 3, 1, 0.05)},
        apply=contrast,
        strengths=(0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0),
    ),
    "blur": Perturbation(
        title="Blur",
        what="A Gaussian blur; its standard deviation is in pixels of the picture as the network reads it.",
        settings={"blur": PerturbationSetting("Blur", "px", 0, 5, 0, 0.1)},
        apply=blur,
        strengths=(0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0),
    ),
    "noise": Perturbation(
        title="Noise",
        what="Adds Gaussian noise; its standard deviation is in levels of 0 to 255.",
        settings={"noise": PerturbationSetting("Noise", "levels", 0, 100, 0, 1)},
        apply=noise,
        strengths=(0.0, 5.0, 10.0, 20.0, 30.0, 50.0, 75.0, 100.0),
    ),
    "jpeg": Perturbation(
        title="JPEG",
        what="Saves the picture as JPEG of this quality and reads it again; at 100 it is left as it is.",
        settings={"jpeg": PerturbationSetting("JPEG quality", "", 1, 100, 100, 1)},
        apply=jpeg,
        strengths=(100.0, 75.0, 50.0, 30.0, 20.0, 10.0, 5.0, 1.0),
    ),
}
"""In the order in which they are applied: the thing moves and is covered, then light, lens, sensor and file."""

SETTINGS: Mapping[str, PerturbationSetting] = {
    name: setting for one in PERTURBATIONS.values() for name, setting in one.settings.items()
}
"""All that can be set, in the same order."""


def shaken(pixels: Picture, values: Mapping[str, float], *, seed: Seed = 0) -> Picture:
    """`pixels` (uint8, H×W×1 or 3) with all that is set applied, in the order of `PERTURBATIONS`: the same shape.

    What is not among `values`, by names of `SETTINGS`, is neutral; if all is, it is exactly the picture.
    """
    for one in PERTURBATIONS.values():
        set_to = [values.get(name, setting.neutral) for name, setting in one.settings.items()]
        if set_to != [setting.neutral for setting in one.settings.values()]:
            pixels = one.apply(pixels, *set_to, seed=seed)
    return pixels


def in_words(values: Mapping[str, float]) -> str:
    """What is set, for people: rotation 15°, noise 20 levels; empty for nothing."""
    return ", ".join(
        f"{setting.label.replace(', ', ' ').lower().replace('jpeg', 'JPEG')} {setting.words(values[name])}"
        for name, setting in SETTINGS.items()
        if values.get(name, setting.neutral) != setting.neutral
    )


def _image(pixels: Picture) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _rounded(values: NDArray[np.floating]) -> Picture:
    rounded: Picture = np.rint(values).clip(0, 255).astype(np.uint8)
    return rounded
