"""What of a picture is learnt: its pixels, or waves of which slow ones count for more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Parametrisation(Protocol):
    """Planes of a picture, made of the numbers that are learnt."""

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """Numbers of `count` pictures of faint noise."""

    def planes(self, values: Tensor) -> Tensor:
        """The planes that the numbers stand for: float32, (N, C, H, W), around 0."""


@dataclass(frozen=True)
class Pixels:
    """Every pixel by itself."""

    shape: tuple[int, int, int]
    """Channels, height and width."""
    spread: float = 0.01
    """Standard deviation of the noise that it begins with."""

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """Values of pixels: (N, C, H, W)."""
        return self.spread * torch.randn(count, *self.shape, generator=random)

    def planes(self, values: Tensor) -> Tensor:
        """The values themselves."""
        return values


@dataclass(frozen=True)
class Spectrum:
    """Waves (a Fourier spectrum), each divided by a power of its frequency: slow ones are easy to make strong.

    Pictures of the world have such spectra, and a step of learning moves whole shapes instead of single pixels.
    """

    shape: tuple[int, int, int]
    spread: float = 0.01
    decay: float = 1.5
    """Power of the frequency that a wave is divided by; 0 makes all waves equal."""

    @property
    def scale(self) -> Tensor:
        """What each wave is multiplied by: (H, W // 2 + 1), their mean square over all H × W waves 1."""
        _, height, width = self.shape
        down = torch.fft.fftfreq(height)[:, None]
        slowest = 1 / max(height, width)

        def weights(across: Tensor) -> Tensor:
            frequency: Tensor = (down**2 + across**2).sqrt().clamp(min=slowest)
            return frequency.pow(-self.decay)

        return weights(torch.fft.rfftfreq(width)) / weights(torch.fft.fftfreq(width)).square().mean().sqrt()

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """Real and imaginary parts of the waves: (N, C, H, W // 2 + 1, 2)."""
        channels, height, width = self.shape
        shape = (count, channels, height, width // 2 + 1, 2)
        return self.spread * torch.randn(shape, generator=random)

    def planes(self, values: Tensor) -> Tensor:
        """The sum of the waves (inverse discrete Fourier transform, orthonormal)."""
        _, height, width = self.shape
        waves = torch.view_as_complex(values) * self.scale.to(values.device)
        planes: Tensor = torch.fft.irfft2(waves, s=(height, width), norm="ortho")
        return planes


@dataclass(frozen=True)
class ParametrisationEntry:
    """One parametrisation to choose."""

    label: str
    build: Callable[[tuple[int, int, int]], Parametrisation]


PARAMETRISATIONS: dict[str, ParametrisationEntry] = {
    "spectrum": ParametrisationEntry("Waves, slow ones stronger", Spectrum),
    "pixels": ParametrisationEntry("Pixels", Pixels),
}
