"""A map of images as points, drawn into one picture with its legend: Pillow alone, every mark on whole pixels."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cnnviz.render.marks import CROSS, DISC, INK, RING, TRIANGLE, Marks
from cnnviz.render.picture import png

SIDE = 1_200
"""Width and height of the map itself, in pixels."""
_EDGE, _PAD, _LINE, _FONT = 60, 24, 34, 22
_BLACK, _GREY = (26, 29, 33), (225, 228, 232)

Point = tuple[int, int]


def picture(
    points: NDArray[np.float32], marks: Marks, *, axes: tuple[str, str], lines: Sequence[str]
) -> bytes:
    """PNG bytes of `points` (N, 2) on white, at equal scale both ways, y upwards; `lines` of text stand above."""
    font, _ = _font()
    across = _legend_columns(marks, font)
    rows = -(-len(marks.entries) // across) if marks.entries else int(marks.scale is not None)
    top = _EDGE // 2 + _LINE * (len(lines) + rows) + 10
    sheet = Image.new("RGB", (SIDE + 2 * _EDGE, top + SIDE + 2 * _EDGE), "white")
    pen = ImageDraw.Draw(sheet)
    for number, text in enumerate(lines):
        pen.text((_EDGE, _EDGE // 2 + _LINE * number), _drawable(text), _BLACK, font)
    _legend(pen, marks, (_EDGE, _EDGE // 2 + _LINE * len(lines)), across, font)
    pen.rectangle((_EDGE, top, _EDGE + SIDE, top + SIDE), outline=_GREY)
    pen.text((_EDGE + SIDE // 2, top + SIDE + 12), _drawable(axes[0]), _BLACK, font, anchor="ma")
    _upright(sheet, _drawable(axes[1]), (14, top + SIDE // 2), font)
    radius = 4 if len(points) > 4_000 else 5 if len(points) > 1_000 else 7
    for (x, y), colour, shape in _ordered(places(points), marks):
        _mark(pen, (_EDGE + x, top + y), shape, colour, radius)
    return png(np.asarray(sheet))


def places(points: NDArray[np.float32], *, side: int = SIDE, pad: int = _PAD) -> NDArray[np.int64]:
    """Pixels (x, y) of `points` (N, 2) in a square of that side, from its upper left corner."""
    low, high = points.min(0), points.max(0)
    factor = (side - 2 * pad) / (float((high - low).max()) or 1.0)
    found = (points - (low + high) / 2) * [factor, -factor] + side / 2
    pixels: NDArray[np.int64] = np.rint(found).astype(np.int64)
    return pixels


def _ordered(where: NDArray[np.int64], marks: Marks) -> list[tuple[Point, str, int]]:
    """Place, colour and shape of each point; crosses last, so that they lie on top."""
    order = np.argsort(marks.shapes == CROSS, kind="stable")
    return [
        ((int(where[n, 0]), int(where[n, 1])), marks.palette[marks.colours[n]], int(marks.shapes[n]))
        for n in order
    ]


def _mark(pen: ImageDraw.ImageDraw, at: Point, shape: int, colour: str, r: int) -> None:
    (x, y), fill = at, _BLACK if colour == INK else colour
    if shape == CROSS:
        for wide, ink in ((6, _BLACK), (3, fill)):
            pen.line((x - r, y - r, x + r, y + r), ink, wide)
            pen.line((x - r, y + r, x + r, y - r), ink, wide)
    elif shape == RING:
        pen.ellipse((x - r, y - r, x + r, y + r), None, fill, 3)
    elif shape == TRIANGLE:
        pen.polygon([(x, y - r), (x + r, y + r), (x - r, y + r)], fill, _BLACK)
    elif shape == DISC:
        pen.ellipse((x - r, y - r, x + r, y + r), fill, _BLACK)
    else:
        pen.rectangle((x - r, y - r, x + r, y + r), fill, _BLACK)


Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def _font() -> tuple[Font, bool]:
    """A font, and whether it has more than plain letters: Pillow's own has not, so matplotlib's where it is."""
    there = find_spec("matplotlib")
    for folder in (there.submodule_search_locations or ()) if there else ():
        with suppress(OSError):
            return ImageFont.truetype(f"{folder}/mpl-data/fonts/ttf/DejaVuSans.ttf", _FONT), True
    return ImageFont.load_default(_FONT), False


def _drawable(text: str) -> str:
    """`text` in letters that the font has; others become a question mark."""
    if _font()[1]:
        return text
    return text.replace("−", "-").encode("ascii", "replace").decode()


def _entry(name: str, count: int) -> str:
    return _drawable(f"{name} ({count:,})")


def _legend_columns(marks: Marks, font: Font) -> int:
    widest = max((font.getlength(_entry(one.name, one.count)) for one in marks.entries), default=0.0)
    return max(1, int(SIDE // (widest + 60)))


def _legend(
    pen: ImageDraw.ImageDraw,
    marks: Marks,
    at: Point,
    across: int,
    font: Font,
) -> None:
    left, top = at
    if marks.scale:
        low, high = marks.scale
        pen.text((left, top), low, _BLACK, font)
        begin = left + int(font.getlength(low)) + 16
        for number, colour in enumerate(marks.palette):
            pen.line((begin + number, top + 4, begin + number, top + 22), colour)
        pen.text((begin + len(marks.palette) + 16, top), high, _BLACK, font)
    for number, one in enumerate(marks.entries):
        x = left + number % across * (SIDE // across)
        y = top + number // across * _LINE
        _mark(pen, (x + 8, y + 13), one.shape, marks.palette[one.colour], 7)
        pen.text((x + 26, y), _entry(one.name, one.count), _BLACK, font)


def _upright(sheet: Image.Image, text: str, middle: Point, font: Font) -> None:
    """Write from below upwards."""
    strip = Image.new("RGB", (int(font.getlength(text)) + 2, _LINE), "white")
    ImageDraw.Draw(strip).text((0, 0), text, _BLACK, font)
    turned = strip.transpose(Image.Transpose.ROTATE_90)
    sheet.paste(turned, (middle[0], middle[1] - turned.height // 2))
