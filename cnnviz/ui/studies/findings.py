"""What charts of a study draw: its variants, and the figure that they are compared by."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cnnviz.charts.share_format import share_format
from cnnviz.studies.definition import Study
from cnnviz.studies.results import Row
from cnnviz.studies.variant import Variant
from cnnviz.ui.widgets.config_form import setting_titles, setting_value


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
        titles = setting_titles(self.study.vary.varied)
        return {key: title.replace(":", "") for key, title in titles.items()}


def title(variant: Variant) -> str:
    """Dropout 0.2, Learning rate 0.01; or what it is called, where it has a name."""
    if variant.label:
        return variant.label
    titles = setting_titles(variant.settings)
    parts = [f"{name} {value(variant, key)}" for key, name in titles.items()]
    return ", ".join(parts) or "Nothing changed"


def value(variant: Variant, key: str) -> str:
    """A setting of a variant, as a person writes it; a dash where it is not changed."""
    return setting_value(key, variant.settings[key]) if key in variant.settings else "–"


def number(variant: Variant, key: str) -> float | None:
    """A setting of a variant where it is a number."""
    found: Any = variant.settings.get(key)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None
