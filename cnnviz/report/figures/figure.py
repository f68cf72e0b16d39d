"""What a figure of a report is: what it is of, how it is drawn, and how anybody draws it again."""

from __future__ import annotations

import csv
import io
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from cnnviz.config import Strict
from cnnviz.progress import Work

if TYPE_CHECKING:
    import altair as alt

Cell = str | float | int | None
RunId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,95}$")]
SnapshotName = RunId
StudyId = RunId
RunIds = Annotated[tuple[RunId, ...], Field(min_length=1, max_length=1000)]


@dataclass(frozen=True)
class Picture:
    """A picture, as SVG or as PNG."""

    alt: str
    svg: str = ""
    png: bytes = b""
    title: str = ""
    words: str = ""
    """Its scale, say."""


@dataclass(frozen=True)
class Table:
    """Figures in rows; shares between 0 and 1 are numbers here, and per cent in sight."""

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    seen: Sequence[Sequence[str]] | None = None
    """The same as a person reads it; None where the rows can be read as they are."""
    seen_header: Sequence[str] | None = None
    """Over that, where it is another one."""

    @property
    def csv(self) -> str:
        """As a file."""
        content = io.StringIO()
        writer = csv.writer(content, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return content.getvalue()


@dataclass(frozen=True)
class Drawing:
    """A figure, drawn."""

    title: str
    pictures: Sequence[Picture] = ()
    table: Table | None = None
    table_place: Literal["first", "after", "folded"] = "folded"
    """Before the pictures, after them, or behind a line to be opened."""
    words: str = ""
    """What it shows, with its units and how sure it is."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """What it was drawn from: SHA-256, by what it is of."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Texts that go with it, by file name."""


@dataclass(frozen=True)
class Link:
    """A page of the bench that shows the same."""

    page: str
    query: Mapping[str, str]


class Figure(Strict):
    """One thing that a report shows. Kinds of it add what it is of."""

    @abstractmethod
    def draw(self) -> Work[Drawing]:
        """The figure. Raises CnnvizError where it can't be drawn: a run that is gone, one that still trains."""

    @property
    @abstractmethod
    def heading(self) -> str:
        """What it is called, before anything is drawn."""

    @property
    @abstractmethod
    def command(self) -> str:
        """What is typed after `python -m cnnviz` to have the same figures."""

    @property
    @abstractmethod
    def link(self) -> Link:
        """Where the bench shows it."""


def svg(chart: alt.Chart | alt.LayerChart) -> str:
    """A chart as an SVG image, the same bytes each time."""
    import vl_convert

    found: str = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version="6.4")
    return found
