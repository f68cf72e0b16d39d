"""The charts of a study: which there are, and of which studies each tells most."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from cnnviz.charts.studies import factor_chart, heat_chart, importance_chart, parallel_chart
from cnnviz.charts.studies.drawn import Drawn, Look
from cnnviz.charts.studies.findings import Findings
from cnnviz.registry import Entry


@dataclass(frozen=True)
class StudyChart(Entry):
    """A way to draw what a study found."""

    fits: Callable[[Findings], bool]
    """Whether it says anything of such a study."""
    reported: Callable[[Findings], bool]
    """Whether a report of such a study shows it without anybody's asking, if it fits."""
    draw: Callable[[Findings, Look], Drawn]
    settings: Callable[[Findings], list[str]] = lambda _: []
    """Those of which it shows one at a time."""
    clicked: bool = True
    """Whether its marks choose a variant."""
    width: Literal["stretch", "content"] = "stretch"


CHARTS: Mapping[str, StudyChart] = {
    "heat": StudyChart("Heat map", heat_chart.fits, heat_chart.fits, heat_chart.draw, width="content"),
    "setting": StudyChart(
        "By setting",
        factor_chart.fits,
        lambda found: found.study.vary.kind != "search",
        factor_chart.draw,
        settings=factor_chart.settings,
    ),
    "parallel": StudyChart(
        "Parallel",
        parallel_chart.fits,
        lambda found: found.study.vary.kind == "search" or len(found.titles) > 2,
        parallel_chart.draw,
    ),
    "importance": StudyChart(
        "Importance",
        importance_chart.fits,
        lambda found: found.study.vary.kind == "search" or len(found.titles) > 2,
        importance_chart.draw,
        clicked=False,
    ),
}


def fitting(found: Findings) -> list[str]:
    """The charts that say something of a study; none before a run has finished."""
    return [name for name, one in CHARTS.items() if one.fits(found)]


def reported(found: Findings) -> list[str]:
    """Those that a report of it begins with."""
    return [name for name in fitting(found) if CHARTS[name].reported(found)]
