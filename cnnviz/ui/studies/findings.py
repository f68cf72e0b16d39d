"""What charts of a study draw: its variants, and the figure that they are compared by."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cnnviz.charts.share_format import share_format
from cnnviz.studies.definition import Study
from cnnviz.studies.results import Row


@dataclass(frozen=True)
class Findings:
    """A study, as far as it has results."""

    study: Study
    every: Sequence[Row]
    """All its variants."""

    @cached_property
    def rows(self) -> list[Row]:
        """Those that have a figure."""
        return [row for row in self.every if row.validation is not None]

    @property
    def share(self) -> bool:
        """Whether the figure is a share of images, of which more is better."""
        return self.study.objective == "validation_accuracy"

    @property
    def value(self) -> str:
        """What the figure is called."""
        return "Validation accuracy" if self.share else "Validation loss"

    @property
    def style(self) -> str:
        """How the figure is written in a chart."""
        return share_format(1) if self.share else ".3f"

    @cached_property
    def titles(self) -> dict[str, str]:
        """What varies, by key, as columns of charts may be called: a colon means a type there."""
        return {key: title.replace(":", "") for key, title in self.study.titles.items()}
