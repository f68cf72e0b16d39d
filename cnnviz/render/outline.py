"""A picture with a rectangle around some of its pixels."""

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.picture import Colour, enlarge

Box = tuple[int, int, int, int]
"""Top, left, bottom, right in pixels; bottom and right are the first outside."""
_ORANGE: Colour = (230, 159, 0)


def outlined(
    image: NDArray[np.uint8], box: Box, *, to: int = 320, colour: Colour = _ORANGE
) -> NDArray[np.uint8]:
    """`image` (H, W, 1 or 3), enlarged by whole factors to at most `to` px, what is outside `box` at half its light.

    The line lies inside the box: uint8, (H', W', 3).
    """
    colours = image if image.shape[2] == 3 else image.repeat(3, axis=2)
    factor = max(1, to // max(image.shape[:2]))
    drawn = np.array(enlarge(colours, to=to))
    top, left, bottom, right = (side * factor for side in box)
    inside = drawn[top:bottom, left:right].copy()
    drawn //= 2
    line = max(1, min(3, factor))
    inside[:line], inside[-line:], inside[:, :line], inside[:, -line:] = colour, colour, colour, colour
    drawn[top:bottom, left:right] = inside
    return drawn
