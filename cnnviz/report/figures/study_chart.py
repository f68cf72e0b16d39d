"""What a study found, as a chart: any of those that its page has."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from cnnviz.errors import RunError
from cnnviz.progress import Progress, Work
from cnnviz.registry import entry
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Cell, Drawing, Figure, Link, Picture, StudyId, Table, svg
from cnnviz.studies import progress
from cnnviz.studies.results import Row, rows
from cnnviz.studies.variant import text

_WIDTH = 620


class StudyCharted(Figure):
    """A chart of the registry that the Studies page draws from."""

    kind: Literal["study_chart"] = "study_chart"
    study: StudyId
    chart: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    setting: Annotated[str, Field(max_length=200)] = ""
    """Against which setting, where the chart shows one at a time; a picture of each where none is named."""

    def draw(self) -> Work[Drawing]:
        from cnnviz.charts.studies.drawn import Look
        from cnnviz.charts.studies.findings import Findings
        from cnnviz.charts.studies.kinds import CHARTS

        kind = entry("chart of a study", self.chart, CHARTS)
        yield Progress(0.0, kind.title)
        now = progress.look(self.study)
        found = Findings(now.study, rows(now))
        if not found.rows:
            raise RunError(f"No run of the study {self.study} has finished: {now.state}.")
        if not kind.fits(found):
            raise RunError(f"{kind.title} says nothing of the study {self.study}: choose another chart.")
        settings = kind.settings(found)
        if self.setting and self.setting not in settings:
            raise RunError(f"{self.setting} does not vary in the study {self.study}.")
        wanted = [self.setting] if self.setting else settings or [""]
        drawn = [kind.draw(found, Look(one)) for one in wanted]
        words = dict.fromkeys(one.words for one in drawn)
        missing = len(now.trials) - now.finished
        return Drawing(
            title=drawn[0].title if len(drawn) == 1 else f"{found.value} by setting",
            pictures=[
                Picture(
                    one.title,
                    svg=svg(one.chart if kind.width == "content" else one.chart.properties(width=_WIDTH)),
                )
                for one in drawn
                if one.chart is not None
            ],
            table=Table(drawn[0].header, drawn[0].rows)
            if drawn[0].rows
            else _figures(found.rows, found.value),
            words=" ".join([*words, *([f"Missing: {missing:,} runs ({now.state})."] if missing else [])]),
            sources=provenance.of_runs(one.run for one in now.trials if one.run),
        )

    @property
    def heading(self) -> str:
        from cnnviz.charts.studies.kinds import CHARTS

        title = CHARTS[self.chart].title if self.chart in CHARTS else self.chart
        return f"{title}, study {self.study}"

    @property
    def command(self) -> str:
        return f"study show {self.study}"

    @property
    def link(self) -> Link:
        setting = {"setting": self.setting} if self.setting else {}
        return Link("studies", {"study": self.study, "chart": self.chart} | setting)


def _figures(found: list[Row], value: str) -> Table:
    """What is drawn of each variant; settings by their keys."""
    keys = list(dict.fromkeys(key for row in found for key in row.variant.settings))
    header = ["variant", *keys, value.lower(), "from", "to", "seeds"]
    return Table(header, [_cells(row, keys) for row in found])


def _cells(row: Row, keys: list[str]) -> list[Cell]:
    mean = row.validation
    low, high = (mean.interval if mean else None) or (None, None)
    settings = [_cell(row.variant.settings.get(key)) for key in keys]
    return [row.variant.name, *settings, mean.value if mean else None, low, high, row.finished]


def _cell(value: JsonValue) -> Cell:
    return value if isinstance(value, str | int | float) or value is None else text(value)
