"""How tiles are laid out in a mosaic: whole zoom factors, and never wider than a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

PAGE_WIDTH = 1456
"""Widest picture in pixels. Streamlit shrinks, and so blurs, what is wider than 1460."""
SCREEN_HEIGHT = 800
"""Height in pixels that a mosaic keeps to when neither tile nor columns are asked for."""
MOST_HEIGHT = 16_384
"""Tallest picture in pixels that every browser draws."""
TILE = 256
"""Longer side in pixels that a tile is enlarged to at most, when no other is asked for."""
DOT = 24
"""The same for a single value (a unit of a linear layer)."""


@dataclass(frozen=True)
class Layout:
    """Places of `count` tiles, row by row, in a picture. Lengths are pixels."""

    count: int
    columns: int
    rows: int
    tile_width: int
    tile_height: int
    gap: int
    zoom: float
    """Pixels a value: a whole number, or 1/n if n × n values are averaged into a pixel."""
    width: int
    height: int

    @property
    def shrink(self) -> int:
        """Values a pixel along each side: 1, unless the maps are reduced."""
        return max(1, round(1 / self.zoom))

    def tile_at(self, x: float, y: float) -> int | None:
        """Number of the tile at a point of the picture; None for a gap, an empty place or outside."""
        column, right = divmod(int(x // 1), self.tile_width + self.gap)
        row, down = divmod(int(y // 1), self.tile_height + self.gap)
        inside = right < self.tile_width and down < self.tile_height
        if not inside or not (0 <= column < self.columns and 0 <= row < self.rows):
            return None
        number = row * self.columns + column
        return number if number < self.count else None

    def place_of(self, number: int) -> tuple[int, int]:
        """Left and top of tile `number`, in pixels."""
        row, column = divmod(number, self.columns)
        return column * (self.tile_width + self.gap), row * (self.tile_height + self.gap)


def arrange(
    count: int,
    height: int,
    width: int,
    *,
    columns: int | None = None,
    gap: int = 1,
    tile: int | None = None,
    max_width: int = PAGE_WIDTH,
) -> Layout:
    """The layout of `count` maps of `height` × `width` values with the largest whole zoom that fits.

    `max_width` always holds, then `columns`; `tile` (wanted longer side of a tile) is the zoom's upper bound.
    Maps are reduced, by whole factors too, only if they cannot fit otherwise or `tile` is smaller than they
    are. Raises ValueError for sizes below 1, or for more maps than a picture holds.
    """
    if min(count, height, width) < 1:
        raise ValueError("There is nothing to draw: give at least one map of at least one value.")
    if gap < 0 or min(max_width, columns or 1, tile or 1) < 1 or 0 in (columns, tile):
        raise ValueError("Columns, tile and width of a mosaic are at least 1, its gap at least 0.")
    if columns is not None:
        columns = min(columns, count, (max_width + gap) // (1 + gap))
    side = max(height, width)
    wanted = tile or (DOT if side == 1 else max(TILE, side))
    for limit in (MOST_HEIGHT,) if tile or columns else (SCREEN_HEIGHT, MOST_HEIGHT):
        for zoom, shrink in _zooms(side, wanted):
            tile_width, tile_height = (-(-length // shrink) * zoom for length in (width, height))
            most_columns = (max_width + gap) // (tile_width + gap)
            most_rows = (limit + gap) // (tile_height + gap)
            chosen = _columns(count, columns, most_columns, most_rows)
            if chosen is None:
                continue
            rows = -(-count // chosen)
            return Layout(
                count=count,
                columns=chosen,
                rows=rows,
                tile_width=tile_width,
                tile_height=tile_height,
                gap=gap,
                zoom=zoom / shrink,
                width=chosen * (tile_width + gap) - gap,
                height=rows * (tile_height + gap) - gap,
            )
    raise ValueError(f"{count:,} maps don't fit into one picture: show fewer of them, or in more columns.")


def _zooms(side: int, wanted: int) -> Iterator[tuple[int, int]]:
    """Enlargement and reduction factors from the largest tile to the smallest."""
    for zoom in range(wanted // side, 0, -1):
        yield zoom, 1
    for shrink in range(max(2, -(-side // wanted)), side + 1):
        yield 1, shrink


def _columns(count: int, asked: int | None, most: int, most_rows: int) -> int | None:
    """Number of columns: the one asked for, or the one that leaves the fewest places empty."""
    least = -(-count // most_rows) if most_rows else count + 1
    most = min(most, count)
    if asked is not None:
        return asked if least <= asked <= most else None
    if most < max(1, least):
        return None
    return min(range(max(least, -(-most * 3 // 5)), most + 1), key=lambda number: (-count % number, -number))
