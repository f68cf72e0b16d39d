"""Ways to give a picture of any shape the shape that a network reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cnnviz.data.images import Box, Picture, middle, resized
from cnnviz.registry import entry

Size = tuple[int, int]
"""Height and width."""


@dataclass(frozen=True)
class FitMethod:
    """One way to fit a picture."""

    title: str
    summary: str
    part: Callable[[Size, Size], Box]
    """`part(of, to)`: what is read of a picture of size `of`, in its pixels."""
    place: Callable[[Size, Size], tuple[int, int, int, int]]
    """`place(of, to)`: where in the result that lies, in its pixels; the rest of it is black."""


def fitted(image: Picture, height: int, width: int, *, way: str) -> Picture:
    """`image`, uint8 (H, W, C), as (height, width, C), made so as `WAYS[way]` says.

    Bicubic, averaging where it shrinks. Raises NotFound for a way that is not there.
    """
    method = entry("way to fit a picture", way, WAYS)
    of, to = (image.shape[0], image.shape[1]), (height, width)
    if of == to:
        return image
    top, left, bottom, right = method.place(of, to)
    inner = resized(image, bottom - top, right - left, box=method.part(of, to))
    if inner.shape[:2] == to:
        return inner
    result = np.zeros((height, width, image.shape[2]), np.uint8)
    result[top:bottom, left:right] = inner
    return result


def _all(of: Size, to: Size) -> Box:
    return 0, 0, *of


def _everywhere(of: Size, to: Size) -> tuple[int, int, int, int]:
    return 0, 0, *to


def _centred(of: Size, to: Size) -> tuple[int, int, int, int]:
    scale = max(of[0] / to[0], of[1] / to[1])
    high, wide = (max(1, min(side, round(own / scale))) for own, side in zip(of, to, strict=True))
    top, left = (to[0] - high) // 2, (to[1] - wide) // 2
    return top, left, top + high, left + wide


WAYS: Mapping[str, FitMethod] = {
    "crop": FitMethod(
        "Cut out the middle", "The longer side loses both ends; shapes stay as they are.", middle, _everywhere
    ),
    "squash": FitMethod("Squash", "All of it is there, its shapes are compressed.", _all, _everywhere),
    "pad": FitMethod("Pad with black", "All of it is there in its own shape, smaller.", _all, _centred),
}
DEFAULT = "crop"
