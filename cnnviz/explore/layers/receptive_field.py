"""How much of the image a value can depend on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnnviz.explore.layers.spans import NOTHING, Span, regular

Pair = tuple[int, int]


@dataclass(frozen=True)
class Field:
    """What one cell of a map sees (Araujo et al. 2019, Computing Receptive Fields of Convolutional Neural Networks)."""

    size: Pair = (1, 1)
    """Height and width in pixels of the image; more than the image has where zeros around it are seen too."""
    stride: Pair = (1, 1)
    """Pixels from what one cell sees to what the next one sees."""
    start: tuple[float, float] = (0.0, 0.0)
    """Row and column on which the first cell's field is centred; the middle of the first pixel is 0."""
    whole: bool = False
    """Depends on every pixel by construction, as after a linear layer or global pooling."""
    spans: tuple[tuple[Span, ...], tuple[Span, ...]] | None = None
    """First and last pixel of each row's and each column's field, where these are not all alike, as in windows."""

    def along(self, axis: int, count: int) -> tuple[Span, ...]:
        """First and last pixel seen by each of `count` rows (axis 0) or columns (1), also beyond the image."""
        if self.spans is not None:
            return self.spans[axis]
        first = self.start[axis] - (self.size[axis] - 1) / 2
        firsts = (math.floor(first + at * self.stride[axis]) for at in range(count))
        return tuple((at, at + self.size[axis] - 1) for at in firsts)

    def centre(self, row: int, column: int) -> tuple[float, float]:
        """Row and column of the image on which a cell's field is centred."""
        if self.spans is not None:
            (top, bottom), (left, right) = self.spans[0][row], self.spans[1][column]
            return (top + bottom) / 2, (left + right) / 2
        return self.start[0] + row * self.stride[0], self.start[1] + column * self.stride[1]


def box(field: Field, row: int, column: int, *, image: Pair) -> tuple[int, int, int, int]:
    """Pixels that one cell sees, as far as the image (height, width) has them: top, left, bottom, right.

    Bottom and right are the first that are not seen.
    """
    if field.whole:
        return 0, 0, *image
    if field.spans is not None:
        (upper, lower), (left, right) = field.spans[0][row], field.spans[1][column]
        return max(0, upper), max(0, left), min(image[0], lower + 1), min(image[1], right + 1)
    found = []
    for at, size, stride, start, side in zip(
        (row, column), field.size, field.stride, field.start, image, strict=True
    ):
        first = start + at * stride - (size - 1) / 2
        found.append((max(0, math.floor(first)), min(side, math.ceil(first) + size)))
    (top, bottom), (left, right) = found
    return top, left, bottom, right


def union(fields: Sequence[Field]) -> Field:
    """What a cell sees that is made of cells of all these, which are as many unless their strides differ."""
    whole = any(field.whole for field in fields)
    lengths = {tuple(map(len, field.spans)) for field in fields if field.spans}
    if len(lengths) == 1 and not whole:
        (counts,) = lengths
        axes = [
            tuple(
                (min(span[0] for span in spans), max(span[1] for span in spans))
                for spans in zip(*(field.along(axis, counts[axis]) for field in fields), strict=True)
            )
            for axis in (0, 1)
        ]
        return replace(fields[0], spans=(axes[0], axes[1]))
    if len({field.stride for field in fields}) == 1 and not whole:
        ends = [
            (
                min(field.start[axis] - (field.size[axis] - 1) / 2 for field in fields),
                max(field.start[axis] + (field.size[axis] - 1) / 2 for field in fields),
            )
            for axis in (0, 1)
        ]
        return Field(
            size=(round(ends[0][1] - ends[0][0]) + 1, round(ends[1][1] - ends[1][0]) + 1),
            stride=fields[0].stride,
            start=((ends[0][0] + ends[0][1]) / 2, (ends[1][0] + ends[1][1]) / 2),
        )
    return Field(
        size=(max(field.size[0] for field in fields), max(field.size[1] for field in fields)),
        stride=(max(field.stride[0] for field in fields), max(field.stride[1] for field in fields)),
        start=max(fields, key=lambda field: field.size).start,
        whole=whole,
    )


def settled(field: Field, image: Pair) -> Field:
    """The same, said as simply as can be: as the whole image, or as one size and stride."""
    if field.spans is None or field.whole:
        return replace(field, spans=None)
    if all(
        first <= 0 and last >= side - 1
        for spans, side in zip(field.spans, image, strict=True)
        for first, last in spans
    ):
        return replace(field, whole=True, spans=None)
    seen = [[span for span in spans if span != NOTHING] for spans in field.spans]
    size = [max(last - first + 1 for first, last in spans) for spans in seen]
    start = [(spans[0][0] + spans[0][1]) / 2 for spans in seen]
    stride = [regular(spans) for spans in field.spans]
    if stride[0] is None or stride[1] is None:
        return replace(field, size=(size[0], size[1]), start=(start[0], start[1]))
    return Field(size=(size[0], size[1]), stride=(stride[0], stride[1]), start=(start[0], start[1]))
