"""A map laid over the picture that it is of."""

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.colour import levels, palette, scale_of, table_of

_OPACITY = 0.65


def overlaid(image: NDArray[np.uint8], values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """`image` (H, W, 1 or 3) through a map (h, w) in the colours of its own scale: uint8, (H, W, 3).

    Every cell covers its share of the picture, unblurred; nothing is drawn between cells.
    """
    height, width = image.shape[:2]
    scale = scale_of(values[None])
    colours = palette(table_of(scale), signed=scale.signed)[levels(values[None], scale)[0]]
    rows = np.arange(height) * values.shape[0] // height
    columns = np.arange(width) * values.shape[1] // width
    spread = colours[rows[:, None], columns[None]].astype(np.float32)
    mixed: NDArray[np.uint8] = np.rint(spread * _OPACITY + image.astype(np.float32) * (1 - _OPACITY)).astype(
        np.uint8
    )
    return mixed
