"""The charts of a study: which there are, and the one that is chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cnnviz.registry import Entry
from cnnviz.studies.results import Row
from cnnviz.ui.shell import selection
from cnnviz.ui.studies import factor_chart, heat_chart, importance_chart, parallel_chart
from cnnviz.ui.studies.findings import Findings
from cnnviz.ui.studies.parameters import CHART


@dataclass(frozen=True)
class StudyChart(Entry):
    """A way to draw what a study found."""

    fits: Callable[[Findings], bool]
    """Whether it says anything of such a study."""
    show: Callable[[Findings], Row | None]
    """Draws it; the variant that is chosen by a click."""


CHARTS: Mapping[str, StudyChart] = {
    "heat": StudyChart("Heat map", heat_chart.fits, heat_chart.show),
    "setting": StudyChart("By setting", factor_chart.fits, factor_chart.show),
    "parallel": StudyChart("Parallel", parallel_chart.fits, parallel_chart.show),
    "importance": StudyChart("Importance", importance_chart.fits, importance_chart.show),
}


def show(found: Findings) -> Row | None:
    """Draw the chart that is chosen; the variant that is chosen by a click in it."""
    names = [name for name, one in CHARTS.items() if one.fits(found)]
    name = names[0]
    if len(names) > 1:
        name = selection.segmented(
            CHART, names, default=name, words=lambda one: CHARTS[one].title, explicit=False
        )
    return CHARTS[name].show(found)
