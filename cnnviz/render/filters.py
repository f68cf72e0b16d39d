"""Filters as pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.colour import scale_of
from cnnviz.render.layout import PAGE_WIDTH
from cnnviz.render.mosaic import Mosaic, grid, grid_rgb


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


def kernels(values: NDArray[Any], *, each: bool = False, **layout: Any) -> Mosaic:
    """A picture of single kernels (C, h, w) on a scale about zero, shared or, with `each`, of every kernel."""
    return grid(values, scale=scale_of(values, per="channel" if each else "layer", signed=True), **layout)


def matrix(values: NDArray[Any], *, each: bool = False, zoom: int = 1) -> Mosaic:
    """A picture of numbers (F, C), `zoom` × `zoom` pixels a number; a row is a filter and a tile of the mosaic.

    Numbers are signed where one of them is negative, otherwise the scale begins at 0. With `each` every row has a
    scale of its own.
    """
    rows = values[:, None, :]
    width = rows.shape[2] * zoom
    scale = scale_of(rows, per="channel" if each else "layer")
    if not scale.signed:
        scale = replace(scale, low=0.0, lows=(0.0,) * len(scale.lows))
    return grid(rows, columns=1, gap=0, tile=width, max_width=max(width, PAGE_WIDTH), scale=scale)


def picture(filters: NDArray[Any], *, tiled: bool, each: bool = False) -> Mosaic:
    """A picture of filters (F, C, h, w) to keep: each as a tile or, otherwise, a `matrix` of `strengths`."""
    if tiled:
        return mosaic(filters, each=each)
    values = strengths(filters)
    return matrix(values, each=each, zoom=max(1, min(16, PAGE_WIDTH // max(values.shape))))


def strengths(filters: NDArray[Any]) -> NDArray[np.float64]:
    """How strong each kernel of filters (F, C, h, w) is: its norm (F, C); of single weights, the weights."""
    if filters.shape[2:] == (1, 1):
        return filters[:, :, 0, 0].astype(np.float64)
    found: NDArray[np.float64] = np.sqrt(np.square(filters.astype(np.float64)).sum(axis=(2, 3)))
    return found
