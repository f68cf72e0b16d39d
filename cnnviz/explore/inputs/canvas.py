"""A surface to draw small pictures on: shaded shapes, soft shadows and noise, from back to front.

Lengths are pixels of the finished picture, from its top left; drawing is four times finer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIZE = 256
FINER = 4
FULL = SIZE * FINER

Point = tuple[float, float]
Path = str | Sequence[Point]
"""Corners, as points or as text: "x,y x,y …"."""
Colour = tuple[int, int, int]


class Canvas:
    """A picture being drawn, from back to front."""

    def __init__(self, *stops: tuple[float, Colour], seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.pixels = _vertical(stops)

    def fill(
        self, mask: Image.Image, top: Colour, bottom: Colour | None = None, *, opacity: float = 1.0
    ) -> None:
        """Colour what `mask` shows, from its uppermost to its lowest row."""
        box = mask.getbbox()
        if box is None:
            return
        left, upper, right, lower = box
        ends = (upper / FINER, top), (lower / FINER, bottom or top)
        share = np.asarray(mask.crop(box), np.float32)[..., None] * (opacity / 255)
        part = self.pixels[upper:lower, left:right]
        part += (_vertical(ends, rows=slice(upper, lower), columns=right - left) - part) * share

    def shape(self, path: Path, top: Colour, bottom: Colour | None = None, *, smooth: bool = False) -> None:
        self.fill(polygon(path, smooth=smooth), top, bottom)

    def oval(self, box: Sequence[float], top: Colour, bottom: Colour | None = None) -> None:
        self.fill(oval(box), top, bottom)

    def line(self, path: Path, colour: Colour, width: float) -> None:
        mask, draw = _blank()
        draw.line(_fine(path), fill=255, width=max(1, round(width * FINER)), joint="curve")
        self.fill(mask, colour)

    def shadow(self, mask: Image.Image, blur: float, opacity: float, colour: Colour = (0, 0, 0)) -> None:
        self.fill(mask.filter(ImageFilter.GaussianBlur(blur * FINER)), colour, opacity=opacity)

    def noise(self, wide: int, high: int) -> NDArray[np.float32]:
        """Smooth noise of about `wide` × `high` bumps, mean 0, spread 1."""
        coarse = self.random.standard_normal((high, wide)).astype(np.float32)
        smooth = np.asarray(Image.fromarray(coarse).resize((FULL, FULL), Image.Resampling.BICUBIC))
        noise: NDArray[np.float32] = (smooth - smooth.mean()) / smooth.std()
        return noise

    def grain(self, amount: float, *, wide: int, high: int, mask: Image.Image | None = None) -> None:
        """Lighten and darken by smooth noise."""
        share = 1 if mask is None else np.asarray(mask, np.float32)[..., None] / 255
        self.pixels += self.noise(wide, high)[..., None] * amount * share

    def turned(self, other: Canvas, mask: Image.Image, degrees: float) -> None:
        """Lay what `mask` shows of `other` on this one, turned about the middle."""
        layer = Image.fromarray(other.pixels.clip(0, 255).astype(np.uint8))
        layer = layer.rotate(degrees, Image.Resampling.BICUBIC)
        share = np.asarray(mask.rotate(degrees, Image.Resampling.BICUBIC), np.float32)[..., None] / 255
        self.pixels += (np.asarray(layer, np.float32) - self.pixels) * share

    def finished(self, *, soften: float = 0.35) -> NDArray[np.uint8]:
        """The picture: uint8, (256, 256, 3), read-only."""
        picture = Image.fromarray(self.pixels.clip(0, 255).astype(np.uint8))
        picture = picture.filter(ImageFilter.GaussianBlur(soften * FINER))
        small = np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BOX), np.float32)
        film = self.random.normal(0, 2.0, small.shape[:2])[..., None]
        image: NDArray[np.uint8] = (small + film).round().clip(0, 255).astype(np.uint8)
        image.flags.writeable = False
        return image


def _vertical(
    stops: Sequence[tuple[float, Colour]], *, rows: slice = slice(0, FULL), columns: int = FULL
) -> NDArray[np.float32]:
    at = np.array([height for height, _ in stops]) * FINER
    wanted = np.arange(rows.start, rows.stop)
    channels = zip(*(colour for _, colour in stops), strict=True)
    column = np.stack([np.interp(wanted, at, channel) for channel in channels], axis=1)
    return np.repeat(column[:, None].astype(np.float32), columns, axis=1)


def _blank() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    mask = Image.new("L", (FULL, FULL))
    return mask, ImageDraw.Draw(mask)


def polygon(path: Path, *, smooth: bool = False) -> Image.Image:
    """A mask of what the path encloses: 255 inside."""
    mask, draw = _blank()
    draw.polygon(_fine(curve(path) if smooth else path), fill=255)
    return mask


def oval(box: Sequence[float]) -> Image.Image:
    """A mask of the oval in a box of left, top, right, bottom."""
    mask, draw = _blank()
    draw.ellipse([value * FINER for value in box], fill=255)
    return mask


def both(first: Image.Image, second: Image.Image) -> Image.Image:
    """A mask of where two masks overlap."""
    return Image.fromarray(np.minimum(np.asarray(first), np.asarray(second)))


def any_of(*masks: Image.Image) -> Image.Image:
    """A mask of what any of the masks shows."""
    return Image.fromarray(np.max([np.asarray(mask) for mask in masks], axis=0))


def _fine(path: Path) -> list[Point]:
    return [(x * FINER, y * FINER) for x, y in points(path)]


def curve(path: Path, *, closed: bool = True) -> list[Point]:
    """A smooth line through all points (Catmull–Rom)."""
    knots = np.array(points(path), float)
    ends = (knots[-1:], knots[:2]) if closed else (knots[:1], knots[-1:])
    knots = np.concatenate([ends[0], knots, ends[1]])
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    a, b, c, d = (knots[None, start : len(knots) - 3 + start] for start in range(4))
    t = t[:, :, None]
    line = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return [(float(x), float(y)) for x, y in line.swapaxes(0, 1).reshape(-1, 2)]


def points(path: Path) -> list[Point]:
    """The corners of a path."""
    if isinstance(path, str):
        pairs = (pair.split(",") for pair in path.split())
        return [(float(x), float(y)) for x, y in pairs]
    return list(path)
