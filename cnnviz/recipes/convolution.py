"""A convolution worked out by hand, cell by cell."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cnnviz.formatting import decimal
from cnnviz.recipes.recipe import Lesson

Numbers = npt.NDArray[np.float64]


def output(lesson: Lesson) -> Numbers:
    """The convolution (as networks mean it: no flipped kernel) with stride 1: (H, W)."""
    kernel = np.array(lesson.kernel)
    windows = np.lib.stride_tricks.sliding_window_view(padded(lesson), kernel.shape)
    found: Numbers = np.einsum("hwij,ij->hw", windows, kernel)
    return found


def padded(lesson: Lesson) -> Numbers:
    """The image in its border of zeros."""
    return np.pad(np.array(lesson.image, dtype=np.float64), lesson.padding)


def patch(lesson: Lesson, row: int, column: int) -> Numbers:
    """What lies under the kernel for one output cell, both counted from 0."""
    height, width = np.array(lesson.kernel).shape
    return padded(lesson)[row : row + height, column : column + width]


def arithmetic(lesson: Lesson, row: int, column: int) -> str:
    """The sum of one output cell, spelled out without its zeros: 2·1 + 2·3 = 8."""
    under, kernel = patch(lesson, row, column).ravel(), np.array(lesson.kernel, dtype=np.float64).ravel()
    terms = [f"{_bracketed(k)}·{_bracketed(v)}" for k, v in zip(kernel, under, strict=True) if k and v]
    return f"{' + '.join(terms) or '0'} = {decimal(float(kernel @ under), 'g')}"


def wrong(lesson: Lesson) -> list[tuple[int, int]]:
    """Output cells that the report has wrong, counted from 0."""
    return [
        (int(row), int(column)) for row, column in np.argwhere(output(lesson) != np.array(lesson.reported))
    ]


def table(rows: Sequence[Sequence[float]] | Numbers) -> list[list[str]]:
    """Numbers as text."""
    return [[decimal(float(value), "g") for value in row] for row in rows]


def _bracketed(value: float) -> str:
    return f"({decimal(value, 'g')})" if value < 0 else decimal(value, "g")
