"""What is measured of every layer of a network, first to last, and how it is stored. Does without torch."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cnnviz.codecs import Json
from cnnviz.errors import DataError


@dataclass(frozen=True)
class LayerStatistics:
    """One layer over all images; None where a figure makes no sense. Errors are standard errors over images."""

    layer: str
    kind: str
    """Class of the module."""
    output_shape: tuple[int, ...]
    """(C, H, W) or (units,)."""
    main: bool
    """A block's output, an activation outside of blocks, or the last layer: enough for an overview."""
    channels: int
    zeros: float
    """Share of values that are exactly 0, 0 to 1."""
    zeros_error: float | None
    dead: float
    """Share of channels that are 0 in every cell for every image, 0 to 1."""
    spread: float | None
    """Entropy of the absolute values over a map's cells, 0 (all in one cell) to 1 (even); None for single cells."""
    spread_error: float | None
    selectivity: float | None
    """Mean class selectivity of the channels that are not silent, 0 to 1."""
    selectivity_by_chance: float | None
    """The same with the labels shuffled: what so few images give by themselves."""
    probe: float | None
    """Accuracy of a linear classifier on the means of the channels, on images that it was not fitted on."""
    probe_error: float | None
    effective_field: int | None
    """Side in pixels of the square around a middle cell's field that holds 90 % of its gradient."""
    field: int | None
    """Side in pixels of what a cell can see by construction; None where that is the whole image."""


@dataclass(frozen=True)
class Profile:
    """All layers of one network over some test images of its data set."""

    data: str
    images: int
    field_images: int
    """Images of which the effective receptive field is a mean."""
    of_class: str | None
    """The only class that was looked at; None for all."""
    guess: float
    """Share of the commonest class: what a probe scores that knows nothing."""
    epoch: int
    side: int
    """Of the network's input, in pixels."""
    layers: tuple[LayerStatistics, ...]
    """In the order of running."""
    left_out: tuple[str, ...]
    """Layers whose output is neither maps (C, H, W) nor units (C,)."""

    @property
    def main(self) -> tuple[LayerStatistics, ...]:
        """The layers for an overview; all of them where fewer than three stand out."""
        found = tuple(one for one in self.layers if one.main)
        return found if len(found) > 2 else self.layers


CODEC = Json(Profile, name="profile", version="statistics 1")


def sample(
    labels: NDArray[np.integer], *, count: int, of_class: int | None = None, data: str = "the data set"
) -> NDArray[np.int64]:
    """Numbers of at most `count` images, evenly spaced over all (or over those of one class): (N,).

    Evenly, because a test set may be sorted by class. Raises DataError where there are none.
    """
    pool = np.arange(len(labels)) if of_class is None else np.flatnonzero(labels == of_class)
    if not len(pool) or count < 1:
        raise DataError(f"There are no such test images in {data}: choose another class, or more images.")
    places = np.linspace(0, len(pool) - 1, min(count, len(pool))).round().astype(np.int64)
    return pool[places].astype(np.int64)


def table(profile: Profile, layers: Sequence[LayerStatistics] | None = None) -> str:
    """The layers (all, if none are given) as CSV, a row each, with what they are of in every row."""
    content = io.StringIO()
    names = [field.name for field in fields(LayerStatistics)]
    rows = csv.writer(content)
    rows.writerow([*names, "data", "images", "of_class", "epoch"])
    for one in profile.layers if layers is None else layers:
        values = asdict(one) | {"output_shape": "×".join(map(str, one.output_shape))}
        of = [profile.data, profile.images, profile.of_class or "all", profile.epoch]
        rows.writerow([*(values[name] for name in names), *of])
    return content.getvalue()
