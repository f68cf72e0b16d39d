"""Pictures of attributions: as a heat map, over the image, or with its signs; and a sheet of many with their titles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cnnviz.render.colour import Scale, levels, palette, table_of
from cnnviz.render.picture import png

View = Literal["signed", "heat", "overlay"]
VIEWS: Mapping[View, str] = {"signed": "Signed", "heat": "Heat map", "overlay": "Over the image"}
"""In words: with red for and blue against the class; the size alone; laid over the image in grey."""
_OPAQUE = 0.9
_TITLE, _LINE = 15, 12


def scale_of_sizes(maps: Sequence[NDArray[np.float32]], *, signed: bool, share: float = 1.0) -> Scale:
    """One scale for maps (H, W) on which `share` of all values lie, 0 to 1; the others get its last colour."""
    sizes = np.abs(np.concatenate([one.ravel() for one in maps]))
    finite = sizes[np.isfinite(sizes)]
    high = float(np.quantile(finite, share)) if finite.size else 0.0
    if high == 0 and finite.size:
        high = float(finite.max())
    return Scale(low=-high if signed else 0.0, high=high, signed=signed, not_finite=sizes.size - finite.size)


def coloured(
    values: NDArray[np.float32], scale: Scale, view: View, pixels: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """A map (H, W) as a picture (H, W, 3), one pixel a value; `pixels` (H, W, 1 or 3) is the image that it is of.

    A heat map is of the sizes of values, whatever their sign. Over the image, a value's colour covers it the more the
    larger the value is; the image is in grey and pale.
    """
    if view == "heat" and scale.signed:
        values, scale = np.abs(values), Scale(low=0.0, high=scale.high, signed=False)
    colours: NDArray[np.uint8] = palette(table_of(scale), signed=scale.signed)[levels(values[None], scale)[0]]
    if view != "overlay":
        return colours
    size = np.nan_to_num(np.abs(values) / scale.high if scale.high else np.zeros_like(values), nan=1.0)
    cover = _OPAQUE * size.clip(0, 1)[..., None]
    grey = 96 + 0.6 * pixels.astype(np.float64).mean(axis=2, keepdims=True)
    mixed: NDArray[np.uint8] = np.rint(cover * colours + (1 - cover) * grey).clip(0, 255).astype(np.uint8)
    return mixed


@dataclass(frozen=True)
class Titled:
    """A picture of a sheet."""

    pixels: NDArray[np.uint8]
    """(H, W, 3)."""
    title: str
    line: str = ""
    """Under the title."""


def sheet(rows: Sequence[Sequence[Titled]], *, tile: int = 224, gap: int = 16) -> bytes:
    """PNG bytes of rows of pictures, each under its title, enlarged by whole factors to about `tile` pixels."""
    large = [[_enlarged(one.pixels, tile) for one in row] for row in rows]
    head = _TITLE + _LINE + 12
    title, line = ImageFont.load_default(_TITLE), ImageFont.load_default(_LINE)
    widths = [
        [
            max(picture.shape[1], int(title.getlength(one.title)), int(line.getlength(one.line)))
            for picture, one in zip(pictures, row, strict=True)
        ]
        for pictures, row in zip(large, rows, strict=True)
    ]
    columns = [max(row[at] for row in widths if at < len(row)) for at in range(max(map(len, widths)))]
    heights = [head + max(len(picture) for picture in pictures) for pictures in large]
    canvas = Image.new(
        "RGB", (sum(columns) + gap * (len(columns) + 1), sum(heights) + gap * (len(heights) + 1)), "white"
    )
    draw = ImageDraw.Draw(canvas)
    top = gap
    for pictures, row, height in zip(large, rows, heights, strict=True):
        left = gap
        for picture, one, width in zip(pictures, row, columns, strict=False):
            draw.text((left, top), one.title, "black", title)
            draw.text((left, top + _TITLE + 4), one.line, (80, 80, 80), line)
            canvas.paste(Image.fromarray(picture), (left, top + head))
            left += width + gap
        top += height + gap
    return png(np.asarray(canvas))


def _enlarged(pixels: NDArray[np.uint8], tile: int) -> NDArray[np.uint8]:
    factor = max(1, round(tile / max(pixels.shape[:2])))
    rgb = pixels if pixels.shape[2] == 3 else pixels.repeat(3, axis=2)
    return rgb.repeat(factor, axis=0).repeat(factor, axis=1)
