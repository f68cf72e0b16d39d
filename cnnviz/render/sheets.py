"""Many equally large pictures on a few sheets, of which a browser fetches only those that it needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.mosaic import reduced
from cnnviz.render.picture import png

SIDE = 32
"""Longer side of a picture at the most: larger ones are means of n × n pixels."""
COLUMNS = 16
A_SHEET = COLUMNS * COLUMNS


@dataclass(frozen=True)
class Sheets:
    """Pictures, row by row, `A_SHEET` a sheet and `COLUMNS` a row, without gaps."""

    pngs: tuple[bytes, ...]
    width: int
    """Of a picture, in pixels."""
    height: int


def sheets(pictures: NDArray[np.uint8]) -> Sheets:
    """`pictures`, uint8 (N, H, W, 1 or 3), exact up to `SIDE` px. Raises ValueError for none."""
    if not len(pictures):
        raise ValueError("There are no pictures to show.")
    shrink = -(-max(pictures.shape[1:3]) // SIDE)
    drawn = [
        _sheet(_small(pictures[start : start + A_SHEET], shrink))
        for start in range(0, len(pictures), A_SHEET)
    ]
    height, width = _small(pictures[:1], shrink).shape[1:3]
    return Sheets(tuple(drawn), width, height)


def _small(pictures: NDArray[np.uint8], shrink: int) -> NDArray[np.uint8]:
    if shrink == 1:
        return pictures
    means: NDArray[np.uint8] = np.rint(reduced(pictures.astype(np.float32), shrink)).astype(np.uint8)
    return means


def _sheet(pictures: NDArray[np.uint8]) -> bytes:
    count, height, width, channels = pictures.shape
    rows = -(-count // COLUMNS)
    places = np.zeros((rows * COLUMNS, height, width, channels), np.uint8)
    places[:count] = pictures
    laid = places.reshape(rows, COLUMNS, height, width, channels).transpose(0, 2, 1, 3, 4)
    return png(laid.reshape(rows * height, COLUMNS * width, channels))
