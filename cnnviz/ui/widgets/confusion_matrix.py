"""What is taken for what, a cell a pair of classes: a click or Enter takes a cell, a row or a column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.formatting import whole_number
from cnnviz.render.colour import VIRIDIS
from cnnviz.ui.widgets.component import component, ignore, pick

_matrix = component("cnnviz_confusion", __file__, frame="matrix_frame")


@dataclass(frozen=True)
class Part:
    """What is chosen of a matrix: a cell, or a whole row or column."""

    row: int | None
    column: int | None

    @property
    def name(self) -> str:
        """As in the address: 3.5 for a cell, 3. for a row, .5 for a column."""
        return ".".join("" if one is None else str(one) for one in (self.row, self.column))

    @classmethod
    def named(cls, name: str) -> "Part | None":
        """The part of that name; None if there is none."""
        row, dot, column = name.partition(".")
        parts = [whole_number(text) for text in (row, column)]
        written = [text for text in (row, column) if text]
        if not dot or not written or len(written) != sum(one is not None for one in parts):
            return None
        return cls(*parts)

    def within(self, classes: int) -> bool:
        """Whether there is such a part in a matrix of so many classes."""
        return all(one is None or one < classes for one in (self.row, self.column))


def confusion_matrix(
    counts: NDArray[np.int64],
    shares: NDArray[np.float64] | None,
    names: Sequence[str],
    *,
    key: str,
    titles: tuple[str, str],
    taken: str,
    selected: Part | None,
) -> Part | None:
    """The part that was just chosen, if one was; draws `counts` (K, K), or `shares` of its rows if they are given.

    Colours tell cells off the diagonal apart: see `coloured`. `titles` are those of rows and columns, `taken` the
    words between a row's name and a column's.
    """
    classes = len(names)
    colours = coloured(counts if shares is None else shares)
    texts = [
        ("" if not count else f"{count:,}" if shares is None else _share(shares.flat[place]))
        for place, count in enumerate(counts.flat)
    ]
    words = [
        f"{names[place // classes]} {taken} {names[place % classes]}: {count:,} of {counts[place // classes].sum():,}"
        for place, count in enumerate(counts.flat)
    ]
    row_words = [
        f"{name}: {counts[at].sum():,} images, {counts[at, at]:,} on the diagonal"
        for at, name in enumerate(names)
    ]
    column_words = [f"{taken} {name}: {counts[:, at].sum():,} images" for at, name in enumerate(names)]
    place = selected and [-1 if one is None else one for one in (selected.row, selected.column)]
    stamp = str(hash((counts.tobytes(), shares is None)))
    result = _matrix(
        key=key,
        data={
            "rows": list(names),
            "columns": list(names),
            "colours": colours,
            "texts": texts,
            "words": words,
            "rowWords": row_words,
            "columnWords": column_words,
            "rowTitle": titles[0],
            "columnTitle": titles[1],
            "selected": place,
            "alt": f"{titles[0]} by {titles[1]}, {classes} classes, {counts.sum():,} images: arrow keys walk the "
            f"cells, Enter chooses. {'; '.join(row_words[:12])}",
            "stamp": stamp,
        },
        on_picked_change=ignore,
    )
    picked = pick(result.picked, stamp)
    if not picked or len(picked) != 2:
        return None
    row, column = (int(one) for one in picked)
    if not (-1 <= row < classes and -1 <= column < classes) or row == column == -1:
        return None
    return Part(None if row < 0 else row, None if column < 0 else column)


def coloured(values: NDArray[np.int64] | NDArray[np.float64]) -> list[str | None]:
    """Colours of the cells (K, K), row by row: viridis from 0 to the largest off the diagonal; None where it is 0,
    and on the diagonal, which would drown all others."""
    off = np.where(np.eye(len(values), dtype=bool), 0.0, np.nan_to_num(values.astype(np.float64)))
    levels = np.rint(off / (off.max() or 1.0) * (len(VIRIDIS) - 1)).astype(int)
    return [
        "#{:02x}{:02x}{:02x}".format(*VIRIDIS[level]) if value > 0 else None
        for level, value in zip(levels.flat, off.flat, strict=True)
    ]


def _share(value: float) -> str:
    return f"{100 * value:.0f}" if value >= 0.095 else f"{100 * value:.1f}"
