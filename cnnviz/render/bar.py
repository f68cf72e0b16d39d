"""The colour bar beside a mosaic. It carries no text: numbers belong in the caption."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.colour import LEVELS, Scale, palette, table_of
from cnnviz.render.picture import palette_png


def bar(
    scale: Scale, *, table: NDArray[np.uint8] | None = None, width: int = LEVELS, height: int = 12
) -> bytes:
    """PNG bytes of the colours of `scale`, low at the left; at the bottom, if it is taller than wide."""
    colours = palette(table_of(scale) if table is None else table, signed=scale.signed)
    steps = np.rint(np.linspace(0, LEVELS - 1, max(width, height))).astype(np.uint8)
    strip = steps[None, :] if width >= height else steps[::-1, None]
    return palette_png(np.broadcast_to(strip, (height, width)), colours)
