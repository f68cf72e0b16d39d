"""A chart of a study, and what was asked for; on a page each mark chooses its variant."""

from dataclasses import dataclass
from typing import Any

import altair as alt

CLICKED = "cell"
"""The selection in a chart."""
AT = "at"
"""The column that says which variant a mark is of: its place among those that have a figure."""


@dataclass(frozen=True)
class Look:
    """How a chart is wanted."""

    setting: str = ""
    """Against which setting, where it shows one at a time."""
    dark: bool = False


@dataclass(frozen=True)
class Drawn:
    """A chart in words and marks."""

    chart: Any
    """None where there is nothing to draw yet: the words say why."""
    title: str
    words: str
    """What its marks are, and on what it rests."""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str | float | None, ...], ...] = ()
    """The figures that it draws, where they are not those of the variants."""


def by_variant() -> Any:
    """A selection of a variant by its marks."""
    return alt.selection_point(name=CLICKED, fields=[AT], toggle=False)
