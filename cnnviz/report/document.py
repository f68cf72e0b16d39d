"""What a report consists of: sections of figures, each with a sentence of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from cnnviz.config import Strict
from cnnviz.report.figures.kinds import AnyFigure

Line = Annotated[str, Field(max_length=4000)]
MOST = 200
"""Figures of a report."""


class Pin(Strict):
    """A figure in a report."""

    figure: AnyFigure
    words: Line = ""
    """What its author says of it."""


class Section(Strict):
    """Figures under a heading."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    words: Line = ""
    pins: Annotated[tuple[Pin, ...], Field(max_length=MOST)] = ()


class Document(Strict):
    """A report, before anything is drawn."""

    format: Literal[1] = 1
    title: Annotated[str, Field(min_length=1, max_length=120)]
    author: Annotated[str, Field(max_length=120)] = ""
    question: Line = ""
    sections: Annotated[tuple[Section, ...], Field(max_length=100)] = ()

    @property
    def pins(self) -> Iterator[Pin]:
        """All figures, in order."""
        for section in self.sections:
            yield from section.pins
