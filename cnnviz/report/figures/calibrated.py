"""Whether a network is right as often as it says, and its scores by class."""

from typing import Literal

from cnnviz.diagnosis.calibration import calibration
from cnnviz.diagnosis.scores import by_class
from cnnviz.formatting import per_cent
from cnnviz.progress import Work
from cnnviz.report.figures.figure import Cell, Drawing, Picture, Table, svg
from cnnviz.report.figures.predicted import OfPredictions

_WIDTH = 420


class Calibrated(OfPredictions):
    """Accuracy against confidence; precision, recall and F1 of each class."""

    kind: Literal["calibration"] = "calibration"

    def draw(self) -> Work[Drawing]:
        from cnnviz.charts.reliability import reliability

        asked = yield from self.predicted()
        found = calibration(asked.found.labels, asked.found.probabilities)
        scores = by_class(asked.found.confusion(), asked.card.classes)
        rows: list[list[Cell]] = [
            [one.name, one.support, one.precision, one.recall, one.f1] for one in scores
        ]
        seen = [
            [
                one.name,
                f"{one.support:,}",
                *(
                    "–" if value is None else per_cent(value, error or 0)
                    for value, error in (
                        (one.precision, one.precision_error), (one.recall, one.recall_error), (one.f1, one.f1_error),
                    )
                ),
            ]
            for one in scores
        ]  # fmt: skip
        chart = reliability({asked.run.title: found}).properties(width=_WIDTH)
        return Drawing(
            title=self.heading,
            pictures=[Picture(f"Accuracy against confidence of {asked.run.title}", svg=svg(chart))],
            table=Table(["class", "images", "precision", "recall", "F1"], rows, seen),
            table_place="after",
            words=f"{asked.words(self.snapshot, self.split)} Calibration error {100 * found.ece:.1f} points: the mean "
            f"gap, in {found.of} bins, between how sure it is and how often it is right.",
            sources=asked.sources,
        )

    @property
    def heading(self) -> str:
        return "Scores and calibration"
