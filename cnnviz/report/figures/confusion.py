"""What a network takes for what: the confusion matrix of a split."""

from typing import Literal

from cnnviz.diagnosis.confusion import Counts, commonest
from cnnviz.progress import Work
from cnnviz.report.figures.figure import Cell, Drawing, Picture, Table, svg
from cnnviz.report.figures.predicted import OfPredictions

_LABELLED = 20
"""Classes up to which each cell has its number."""


class Confusion(OfPredictions):
    """Classes by what they are taken for."""

    kind: Literal["confusion"] = "confusion"

    def draw(self) -> Work[Drawing]:
        asked = yield from self.predicted()
        counts, classes = asked.found.confusion(), asked.card.classes
        rows: list[list[Cell]] = [[name, *counts[at].tolist()] for at, name in enumerate(classes)]
        worst = ", ".join(
            f"{classes[a]} taken for {classes[b]} ({n:,})" for a, b, n in commonest(counts, most=3)
        )
        return Drawing(
            title=self.heading,
            pictures=[Picture(f"Confusion matrix of {asked.run.title}", svg=_matrix(counts, classes))],
            table=Table(["class", *(f"taken for {name}" for name in classes)], rows),
            words=asked.words(self.snapshot, self.split) + (f" Most often: {worst}." if worst else ""),
            sources=asked.sources,
        )

    @property
    def heading(self) -> str:
        return "Confusion"


def _matrix(counts: Counts, classes: tuple[str, ...]) -> str:
    from cnnviz.charts.heat_map import heat_map

    rows = [
        {"Predicted": classes[column], "Class": classes[row], "Images": int(counts[row, column])}
        for row in range(len(classes))
        for column in range(len(classes))
    ]
    large = len(classes) > _LABELLED
    cell = (12, 12) if large else (58, 30)
    return svg(
        heat_map(
            rows,
            across="Predicted",
            down="Class",
            split=None,
            value="Images",
            style=",d",
            cell=cell,
            numbers=not large,
        )
    )
