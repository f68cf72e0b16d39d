"""Many maps in one picture. One PNG for a layer is hundreds of times faster than one picture a channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.colour import BACKGROUND, MAGENTA, Per, Scale, levels, palette, scale_of, table_of
from cnnviz.render.layout import PAGE_WIDTH, Layout, arrange
from cnnviz.render.picture import Colour, keyed_png, palette_png, png


@dataclass(frozen=True, kw_only=True)
class Mosaic(Layout):
    """A picture of many maps, with all that its caption has to say."""

    png: bytes
    """The picture; exact, no value is blurred with its neighbour unless `zoom` is below 1."""
    scale: Scale
    """What the colours stand for; taken before maps are reduced."""


def grid(
    maps: NDArray[Any],
    *,
    columns: int | None = None,
    gap: int = 1,
    tile: int | None = None,
    scale: Per | Scale = "layer",
    table: NDArray[np.uint8] | None = None,
    max_width: int = PAGE_WIDTH,
    background: Colour | None = None,
) -> Mosaic:
    """A palette picture of `maps` (C, H, W), any real numbers, row by row.

    `scale` is shared by the layer, of each channel, or one you bring (to compare epochs, say). `table` is a
    colour table in place of the one that suits the scale. No `background` leaves gaps see-through. Maps that
    have to be smaller than they are become means of n × n values (fewer at the right and lower edge).
    Raises ValueError for another shape; see `arrange` for how columns, tile and max_width play together.
    """
    values = _real(maps, dimensions=3, shape="(C, H, W)")
    layout = arrange(*values.shape, columns=columns, gap=gap, tile=tile, max_width=max_width)
    chosen = scale if isinstance(scale, Scale) else scale_of(values, per=scale)
    if not chosen.shared and len(chosen.lows) != len(values):
        raise ValueError(f"The scale is for {len(chosen.lows)} maps, not {len(values)}: take a shared one.")
    indices = assemble(levels(reduced(values, layout.shrink), chosen), layout, fill=BACKGROUND)
    colours = palette(
        table_of(chosen) if table is None else table, signed=chosen.signed, background=background or (0, 0, 0)
    )
    encoded = palette_png(indices, colours, transparent=BACKGROUND if background is None else None)
    return Mosaic(**vars(layout), png=encoded, scale=chosen)


def grid_rgb(
    tiles: NDArray[Any],
    *,
    columns: int | None = None,
    gap: int = 1,
    tile: int | None = None,
    scale: Per | Scale = "layer",
    max_width: int = PAGE_WIDTH,
    background: Colour | None = None,
) -> Mosaic:
    """A true-colour picture of signed RGB `tiles` (N, H, W, 3), such as the filters of a first layer.

    Zero is mid-grey (128), −m is 1 and m is 255, where m is the largest absolute value of all tiles, or of
    each tile with `scale="channel"`. The other options are those of `grid`.
    """
    values = _real(tiles, dimensions=4, shape="(N, H, W, 3)")
    if values.shape[3] != 3:
        raise ValueError(f"Tiles of shape {values.shape} have no three colours: give (N, H, W, 3).")
    layout = arrange(*values.shape[:3], columns=columns, gap=gap, tile=tile, max_width=max_width)
    chosen = scale if isinstance(scale, Scale) else scale_of(values, per=scale, signed=True)
    highs = np.asarray(chosen.high if chosen.shared else chosen.highs, np.float64).reshape(-1, 1, 1, 1)
    drawn = reduced(values, layout.shrink)
    with np.errstate(invalid="ignore"):
        shades = np.rint(drawn / np.where(highs > 0, highs, 1) * 127).clip(-127, 127) + 128
        pixels = shades.astype(np.uint8)
    pixels[~np.isfinite(drawn).all(axis=3)] = MAGENTA
    # Values give 1 to 255, so black is free to mean "no tile here".
    sheet = assemble(pixels, layout, fill=(0, 0, 0) if background is None else background)
    encoded = keyed_png(sheet, transparent=(0, 0, 0)) if background is None else png(sheet)
    return Mosaic(**vars(layout), png=encoded, scale=chosen)


def assemble(tiles: NDArray[np.uint8], layout: Layout, *, fill: int | Colour) -> NDArray[np.uint8]:
    """Tiles (N, h, w) or (N, h, w, 3), as reduced as `layout` says, in their places: (height, width[, 3])."""
    count, high, wide, *depth = tiles.shape
    zoom, rows, columns, gap = max(1, int(layout.zoom)), layout.rows, layout.columns, layout.gap
    if count < rows * columns:
        padded = np.empty((rows * columns, high, wide, *depth), np.uint8)
        padded[:count], padded[count:] = tiles, fill
        tiles = padded
    strips = np.empty((rows, high, columns, layout.tile_width + gap, *depth), np.uint8)
    strips[:, :, :, layout.tile_width :] = fill
    shape = (rows, high, columns, wide, zoom, *depth)
    inner = np.reshape(strips[:, :, :, : layout.tile_width], shape, copy=False)
    by_row = tiles.reshape(rows, columns, high, wide, *depth).swapaxes(1, 2)
    inner[...] = by_row[:, :, :, :, None]

    # Enlarging downwards last makes it a copy of whole rows of pixels.
    sheet = np.empty((rows, layout.tile_height + gap, columns * (layout.tile_width + gap), *depth), np.uint8)
    sheet[:, layout.tile_height :] = fill
    shape = (rows, high, zoom, sheet.shape[2], *depth)
    inner = np.reshape(sheet[:, : layout.tile_height], shape, copy=False)
    inner[...] = strips.reshape(rows, high, 1, sheet.shape[2], *depth)
    return sheet.reshape(-1, *sheet.shape[2:])[: layout.height, : layout.width]


def reduced(maps: NDArray[Any], shrink: int) -> NDArray[Any]:
    """Means over `shrink` × `shrink` values of (C, H, W, …); smaller blocks where the edge cuts them."""
    if shrink == 1:
        return maps
    total = maps
    with np.errstate(all="ignore"):
        for axis in (1, 2):
            starts = np.arange(0, maps.shape[axis], shrink)
            sizes = np.minimum(shrink, maps.shape[axis] - starts)
            sizes = sizes.reshape([-1 if at == axis else 1 for at in range(maps.ndim)])
            total = np.add.reduceat(total, starts, axis=axis) / sizes.astype(maps.dtype)
    return total


def _real(maps: NDArray[Any], *, dimensions: int, shape: str) -> NDArray[Any]:
    values = np.asarray(maps)
    if values.ndim != dimensions:
        raise ValueError(f"Maps of shape {values.shape} can't be drawn: give {shape}.")
    if values.dtype in (np.float32, np.float64):
        return values
    return values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)


def grid_pictures(
    pictures: NDArray[np.uint8], *, columns: int | None = None, gap: int = 0, tile: int | None = None
) -> Mosaic:
    """A sheet of `pictures`, uint8 (N, H, W, 1 or 3), each at its own size unless another `tile` is asked for.

    Pictures that have to be smaller become means of n × n pixels, as maps do in `grid`.
    """
    height, width = pictures.shape[1:3]
    layout = arrange(
        len(pictures),
        height,
        width,
        columns=columns,
        gap=gap,
        tile=tile or max(height, width),
        max_width=PAGE_WIDTH,
    )
    colours = pictures if pictures.shape[3] == 3 else pictures.repeat(3, axis=3)
    small = colours if layout.shrink == 1 else np.rint(reduced(colours.astype(np.float32), layout.shrink))
    sheet = assemble(small.astype(np.uint8), layout, fill=(0, 0, 0))
    return Mosaic(**vars(layout), png=png(sheet), scale=Scale(low=0, high=255, signed=False))
