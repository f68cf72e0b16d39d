"""Whether settings differ by more than noise."""

from typing import Literal

from cnnviz.diagnosis.run_comparison import compare
from cnnviz.errors import RunError
from cnnviz.explore import stored_predictions
from cnnviz.progress import Progress, Work
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Cell, Drawing, Table
from cnnviz.report.figures.of_runs import OfRuns
from cnnviz.runs.labels import labels, of_group
from cnnviz.runs.run import find
from cnnviz.runs.summary import summaries


class Differences(OfRuns):
    """Each setting beside that of the first run: over seeds, or on the same test images."""

    kind: Literal["differences"] = "differences"

    def draw(self) -> Work[Drawing]:
        yield Progress(0.0, "Differences")
        by_name = {one.id: one for one in summaries()}
        runs = [by_name[find(name).id] for name in dict.fromkeys(self.runs)]
        if damaged := next((run for run in runs if run.damaged), None):
            raise RunError(f"The run {damaged.id} can't be read: {damaged.damaged}")
        found = compare(runs, stored_predictions.right)
        if found is None:
            raise RunError(
                "There is nothing to compare: two settings, or two networks of one data set, are needed."
            )
        names = labels(runs)
        rows: list[list[Cell]] = [
            [
                of_group(one.setting, names),
                one.difference.points,
                one.difference.low,
                one.difference.high,
                one.difference.chance,
                one.split,
                one.difference.base,
            ]
            for one in found.compared
        ]
        seen = [
            [
                of_group(one.setting, names),
                one.difference.words,
                one.difference.interval_in_words,
                one.difference.chance_in_words,
                one.split,
                one.difference.base,
            ]
            for one in found.compared
        ]
        header = ["setting", "difference (points)", "from", "to", "chance", "images", "base"]
        shown = ["setting", "difference", "95 % interval", "by chance", "images", "from"]
        return Drawing(
            title=self.heading,
            table=Table(header, rows, seen, seen_header=shown) if rows else None,
            table_place="first",
            words=" ".join([f"Compared with {of_group(found.first, names)}.", *found.remarks]),
            sources=provenance.of_runs(find(run.id) for run in runs),
        )

    @property
    def heading(self) -> str:
        return "More than noise?"
