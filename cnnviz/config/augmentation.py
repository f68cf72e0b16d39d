"""Random changes of training images, each with its own draw."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, model_validator

from cnnviz.config.strict import Probability, Share, Strict


class PadAndCrop(Strict):
    name: Literal["pad_and_crop"] = "pad_and_crop"
    padding: PositiveInt = 4
    """Black pixels added on each side before a crop of the original size is drawn."""


class HorizontalFlip(Strict):
    name: Literal["horizontal_flip"] = "horizontal_flip"
    probability: Probability = 0.5
    """Share of images that are mirrored."""


class RandomResizedCrop(Strict):
    name: Literal["random_resized_crop"] = "random_resized_crop"
    smallest: Share = 0.08
    """Smallest area that is cut out, as a share of the image; enlarged to the image's size again."""
    ratio: Annotated[float, Field(ge=1, le=10)] = 4 / 3
    """Widest ratio of the sides before enlarging, lying or standing."""


class Rotation(Strict):
    name: Literal["rotation"] = "rotation"
    degrees: Annotated[float, Field(gt=0, le=180)] = 15.0
    """Largest angle, to either side; corners turn black."""


class ColourJitter(Strict):
    name: Literal["colour_jitter"] = "colour_jitter"
    probability: Probability = 1.0
    """Share of images that are changed."""
    brightness: Probability = 0.4
    """Factor drawn from 1 ± this."""
    contrast: Probability = 0.4
    """Factor drawn from 1 ± this."""
    saturation: Probability = 0.4
    """Factor drawn from 1 ± this."""
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """Shift drawn from ± this, in turns of the colour circle."""


class Grayscale(Strict):
    name: Literal["grayscale"] = "grayscale"
    probability: Probability = 0.2
    """Share of images that lose their colours."""


class GaussianBlur(Strict):
    name: Literal["gaussian_blur"] = "gaussian_blur"
    probability: Probability = 0.5
    """Share of images that are blurred."""
    smallest: Annotated[float, Field(gt=0, le=10)] = 0.1
    """Smallest standard deviation, in pixels …"""
    largest: Annotated[float, Field(gt=0, le=10)] = 1.0
    """… and the largest; drawn evenly between."""

    @model_validator(mode="after")
    def _in_order(self) -> GaussianBlur:
        if self.smallest > self.largest:
            raise ValueError("smallest has to be at most largest")
        return self


class Erasing(Strict):
    name: Literal["erasing"] = "erasing"
    probability: Probability = 0.5
    """Share of images that lose a rectangle."""
    largest: Share = 0.33
    """Largest area of the black rectangle, as a share of the image; the smallest is 0.02."""


class Mixup(Strict):
    name: Literal["mixup"] = "mixup"
    alpha: Annotated[float, Field(gt=0, le=10)] = 0.2
    """Two images are blended, and so are their labels: shares drawn from Beta(alpha, alpha)."""


class CutMix(Strict):
    name: Literal["cutmix"] = "cutmix"
    alpha: Annotated[float, Field(gt=0, le=10)] = 1.0
    """A rectangle comes from another image, and its share of the label too: drawn from Beta(alpha, alpha)."""


Augmentation = Annotated[
    PadAndCrop
    | RandomResizedCrop
    | HorizontalFlip
    | Rotation
    | ColourJitter
    | Grayscale
    | GaussianBlur
    | Erasing
    | Mixup
    | CutMix,
    Field(discriminator="name"),
]
