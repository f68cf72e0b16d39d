"""The filters of the first layer: the only weights that can be seen as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from cnnviz.errors import CnnvizError
from cnnviz.render.colour import scale_of
from cnnviz.render.mosaic import Mosaic, grid, grid_rgb


def first_layer(model: nn.Module, *, input_shape: Sequence[int] | None = None) -> NDArray[np.float32]:
    """Weights of the first convolution or linear layer: float32, (F, C, H, W).

    Rows of a linear layer become pictures of `input_shape` (C, H, W), which only they need.
    Raises CnnvizError if there is no such layer, or if its rows have another size.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            return np.array(module.weight.detach().float().cpu().numpy())
        if isinstance(module, nn.Linear):
            rows = np.array(module.weight.detach().float().cpu().numpy())
            if input_shape is None or prod(input_shape) != module.in_features:
                raise CnnvizError(
                    f"The first layer takes {module.in_features:,} values: give the shape of the images it was made for."
                )
            return rows.reshape(-1, *input_shape)
    raise CnnvizError("This network has no convolution and no linear layer: choose another one.")


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
