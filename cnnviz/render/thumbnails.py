"""Small pictures of different sizes and scales, side by side in one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.colour import BACKGROUND, levels, palette, scale_of, table_of
from cnnviz.render.mosaic import reduced
from cnnviz.render.picture import png

MOST_IN_A_ROW = 16
"""Values of a single row that stay in one row."""


@dataclass(frozen=True)
class Thumbnails:
    """One picture with many in it, from left to right, all from its upper edge."""

    png: bytes
    """Exact: one pixel a value, or a mean of n × n; see-through where there is nothing."""
    boxes: tuple[tuple[int, int, int], ...]
    """Left edge, width and height of each, in pixels."""


def thumbnails(pictures: Sequence[NDArray[Any]], *, most: int = 48) -> Thumbnails:
    """`pictures`, each at most `most` px on its longer side: maps (H, W), photos uint8 (H, W, 1 or 3).

    Each map has a scale of its own. A long single row is laid out row by row, about twice as wide as high.
    Raises ValueError for none.
    """
    if not pictures:
        raise ValueError("There are no pictures to show.")
    drawn = [_photo(one, most) if one.ndim == 3 else _map(one, most) for one in pictures]
    widths = [one.shape[1] for one in drawn]
    sheet = np.zeros((max(len(one) for one in drawn), sum(widths), 4), np.uint8)
    boxes = []
    left = 0
    for one, width in zip(drawn, widths, strict=True):
        sheet[: len(one), left : left + width] = one
        boxes.append((left, width, len(one)))
        left += width
    return Thumbnails(png=png(sheet), boxes=tuple(boxes))


def _photo(photo: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    """RGBA of one photo."""
    shrink = -(-max(photo.shape[:2]) // most)
    small = photo if shrink == 1 else np.rint(reduced(photo[None].astype(np.float32), shrink)[0])
    pixels = np.full((*small.shape[:2], 4), 255, np.uint8)
    pixels[..., :3] = small
    return pixels


def _map(picture: NDArray[np.float32], most: int) -> NDArray[np.uint8]:
    """RGBA of one map."""
    scale = scale_of(picture[None])
    long = picture.shape[0] == 1 and picture.shape[1] > MOST_IN_A_ROW
    indices = levels(reduced(picture[None], 1 if long else -(-max(picture.shape) // most)), scale)[0]
    if long:
        indices = _rectangle(indices[0])
    colours = np.concatenate(
        [palette(table_of(scale), signed=scale.signed), np.full((256, 1), 255, np.uint8)], axis=1
    )
    colours[BACKGROUND] = 0
    pixels: NDArray[np.uint8] = colours[indices]
    return pixels


def _rectangle(row: NDArray[np.uint8]) -> NDArray[np.uint8]:
    columns = math.ceil(math.sqrt(2 * len(row)))
    rows = -(-len(row) // columns)
    laid = np.full(rows * columns, BACKGROUND, np.uint8)
    laid[: len(row)] = row
    return laid.reshape(rows, columns)
