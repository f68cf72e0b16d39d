"""What can be set of each method; from these fields the page and the command line make their controls."""

from typing import Annotated, Literal

from pydantic import Field

from cnnviz.config import Strict

Steps = Annotated[int, Field(ge=1, le=1000)]
Noise = Annotated[float, Field(ge=0, le=5)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Regions = Annotated[int, Field(ge=2, le=400)]


class Options(Strict):
    """A method without settings."""

    @property
    def signed(self) -> bool:
        """Whether values below zero mean something: they speak against the class."""
        return True

    @property
    def note(self) -> str:
        """What a reader of the map has to be told of how it was computed."""
        return ""


class Saliency(Options):
    absolute: bool = True
    """The size of the gradient alone, as in the paper."""

    @property
    def signed(self) -> bool:
        return not self.absolute


class SmoothGrad(Saliency):
    samples: Steps = 24
    """Noisy copies of the image whose gradients are averaged."""
    noise: Noise = 0.15
    """Standard deviation of the noise, as a share of the range of the input."""
    seed: Seed = 0
    """Of the noise."""


class IntegratedGradients(Options):
    steps: Steps = 50
    """Points between baseline and image (Gauss–Legendre)."""


class GradientShap(Options):
    samples: Steps = 32
    """Random points between image and baseline."""
    noise: Noise = 0.05
    """Standard deviation of the noise on the image, as a share of the range of the input."""
    seed: Seed = 0
    """Of the noise, and of the points."""


class GradCam(Options):
    positive: bool = False
    """Only what speaks for the class, as in the paper; otherwise what speaks against it, too."""
    upsampling: Literal["nearest", "bilinear"] = "nearest"
    """How the small map is laid over the image: as cells, or smoothed."""

    @property
    def signed(self) -> bool:
        return not self.positive


class GuidedGradCam(Options):
    upsampling: Literal["nearest", "bilinear"] = "nearest"
    """How the map of Grad-CAM is laid over the image: as cells, or smoothed."""


class Lrp(Options):
    epsilon: Annotated[float, Field(gt=0, le=1)] = 1e-4
    """Added to every denominator: larger is calmer, and lets more of the score go missing."""


class Occlusion(Options):
    window: Annotated[int, Field(ge=1, le=512)] | None = None
    """Side of the square that is covered, in pixels; automatic is an eighth of the image."""
    stride: Annotated[int, Field(ge=1, le=512)] | None = None
    """Pixels from one square to the next; automatic is half a window."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """bf16 is faster where the processor has it, and rounds logits to two or three digits."""

    @property
    def note(self) -> str:
        return "Computed in bf16: rounded to two or three digits." if self.precision == "bf16" else ""


class RegionOptions(Options):
    """Of methods that ask of superpixels."""

    regions: Regions = 48
    """Superpixels that the image is cut into, about."""


class FeatureAblation(RegionOptions):
    """Of covering one superpixel at a time."""


class KernelShap(RegionOptions):
    regions: Regions = 24
    """Superpixels that the image is cut into, about."""
    samples: Annotated[int, Field(ge=8, le=20_000)] = 400
    """Random sets of superpixels that are looked at."""
    seed: Seed = 0
    """Of the sets."""
