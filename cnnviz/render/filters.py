"""Filters as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.colour import scale_of
from cnnviz.render.mosaic import Mosaic, grid, grid_rgb


def order_by_norm(filters: NDArray[Any]) -> NDArray[np.intp]:
    """Numbers of the filters, the longest (L2 norm) first; equal ones keep their order, NaN comes last."""
    norms = np.linalg.norm(filters.reshape(len(filters), -1).astype(np.float64), axis=1)
    return np.argsort(-norms, kind="stable")


def tiles(filters: NDArray[Any]) -> NDArray[Any]:
    """Filters (F, C, H, W) as `render` takes them: (F, H, W, 3) for colour, else (F × C, H, W)."""
    if filters.shape[1] == 3:
        return filters.transpose(0, 2, 3, 1)
    return filters.reshape(-1, *filters.shape[2:])


def mosaic(filters: NDArray[Any], *, each: bool = False, **layout: Any) -> Mosaic:
    """A picture of filters (F, C, H, W) on a scale about zero, shared or, with `each`, of every filter.

    Colour filters are drawn in colour, zero in mid-grey; others in blue (negative), white and red (positive).
    `layout` takes columns, gap, tile, max_width and background of `render.mosaic.grid`.
    """
    drawn = tiles(filters)
    scale = scale_of(drawn, per="channel" if each else "layer", signed=True)
    return grid_rgb(drawn, scale=scale, **layout) if drawn.ndim == 4 else grid(drawn, scale=scale, **layout)
