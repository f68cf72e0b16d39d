"""Images as points in a plane: hover shows the image, a click takes one, dragging a box takes those in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.marks import Marks
from cnnviz.render.sheets import A_SHEET, COLUMNS
from cnnviz.ui.widgets.component import component, ignore, pick

_scatter = component("cnnviz_scatter", __file__)


@dataclass(frozen=True)
class Box:
    """A part of the map, in its own coordinates."""

    left: float
    right: float
    low: float
    high: float

    @property
    def name(self) -> str:
        """As in the address: left,right,low,high."""
        return ",".join(f"{one:.4g}" for one in (self.left, self.right, self.low, self.high))

    @classmethod
    def named(cls, name: str) -> "Box | None":
        """The box of that name; None if there is none."""
        try:
            found = [float(one) for one in name.split(",")]
        except ValueError:
            return None
        return cls.of(found) if len(found) == 4 and np.isfinite(found).all() else None

    @classmethod
    def of(cls, corners: Sequence[float]) -> "Box":
        """The box with these two sides each way, in either order."""
        (left, right), (low, high) = sorted(corners[:2]), sorted(corners[2:])
        return cls(left, right, low, high)

    def holds(self, points: NDArray[np.float32]) -> NDArray[np.intp]:
        """Numbers of the `points` (N, 2) in it."""
        x, y = points.T
        within = (x >= self.left) & (x <= self.right) & (y >= self.low) & (y <= self.high)
        return np.flatnonzero(within)


@dataclass(frozen=True)
class Picked:
    """What was just done to a map: a box drawn, a point taken, or both given up."""

    box: Box | None = None
    point: int | None = None


@dataclass(frozen=True)
class Pictures:
    """The images of the points, on sheets that are fetched when the first of their images is pointed at."""

    addresses: tuple[str, ...]
    width: int
    height: int


def scatter(
    points: NDArray[np.float32],
    marks: Marks,
    words: Sequence[str],
    *,
    key: str,
    axes: tuple[str, str],
    alt: str,
    pictures: Pictures,
    box: Box | None,
    chosen: int | None,
) -> Picked | None:
    """What was just picked, if anything was; draws `points` (N, 2), at equal scale both ways, y upwards.

    `words` say what each point is, in lines; `axes` what x and y are.
    """
    digits = max(0, 4 - int(np.floor(np.log10(float(np.ptp(points, axis=0).max()) or 1.0))))
    xs, ys = (np.round(values.astype(np.float64), digits).tolist() for values in points.T)
    stamp = str(hash((points.tobytes(), marks.colours.tobytes(), marks.palette)))
    result = _scatter(
        key=key,
        data={
            "xs": xs,
            "ys": ys,
            "colours": marks.colours.tolist(),
            "shapes": marks.shapes.tolist(),
            "groups": marks.groups.tolist(),
            "palette": list(marks.palette),
            "entries": [[one.name, one.colour, one.shape, one.count] for one in marks.entries],
            "scale": list(marks.scale) if marks.scale else None,
            "words": list(words),
            "axes": list(axes),
            "sheets": list(pictures.addresses),
            "tile": [pictures.width, pictures.height],
            "aSheet": A_SHEET,
            "columns": COLUMNS,
            "box": [box.left, box.right, box.low, box.high] if box else None,
            "chosen": -1 if chosen is None else chosen,
            "alt": alt,
            "stamp": stamp,
        },
        on_picked_change=ignore,
    )
    return _read(pick(result.picked, stamp), len(points))


def _read(picked: Any, count: int) -> Picked | None:
    match picked:
        case ["box", *corners] if len(corners) == 4 and np.isfinite(corners).all():
            return Picked(box=Box.of(corners))
        case ["point", int(number)] if 0 <= number < count:
            return Picked(point=number)
        case ["nothing"]:
            return Picked()
    return None
