"""What a network takes for what: the confusion matrix of a split."""

from typing import Literal

import numpy as np

from cnnviz.diagnose.confusion import commonest
from cnnviz.formatting import accuracy
from cnnviz.progress import Progress, Work
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Cell, Drawing, Figure, Link, Picture, RunId, SnapshotName, Table, svg
from cnnviz.runs.run import find
from cnnviz.workspace import snapshot_file

_LABELLED = 20
"""Classes up to which each cell has its number."""


class Confusion(Figure):
    """Classes by what they are taken for."""

    kind: Literal["confusion"] = "confusion"
    run: RunId
    snapshot: SnapshotName = "last"
    split: Literal["test", "validation"] = "test"

    def draw(self) -> Work[Drawing]:
        from cnnviz.explore.inputs.test_images import data_of
        from cnnviz.explore.predictions import SPLITS, joined, predicting, stored
        from cnnviz.models import checkpoint

        run = find(self.run)
        weights = provenance.of_weights(run, self.snapshot)
        yield Progress(0.0, "Loading the network")
        model, card = checkpoint.load(snapshot_file(run.id, self.snapshot))
        data = yield from data_of(card)
        pool = SPLITS[self.split](data, run.config.data)
        (digest,) = weights.values()
        artifact = stored(run.id, self.snapshot, self.split, digest=digest, data=card.data)
        known = artifact.load()
        missing = pool.numbers if known is None else np.setdiff1d(pool.numbers, known.numbers)
        if len(missing):
            parts = [] if known is None else [known]
            known = yield from predicting(
                model, card, pool.images, pool.labels, numbers=missing, of=f"{self.split} images", parts=parts
            )
            artifact.save(joined(parts))
        assert known is not None
        counts = known.confusion()
        rows: list[list[Cell]] = [[name, *counts[at].tolist()] for at, name in enumerate(card.classes)]
        worst = ", ".join(
            f"{card.classes[a]} taken for {card.classes[b]} ({n:,})" for a, b, n in commonest(counts, most=3)
        )
        return Drawing(
            title=self.heading,
            pictures=[Picture(f"Confusion matrix of {run.title}", svg=_matrix(counts, card.classes))],
            table=Table(["class", *(f"taken for {name}" for name in card.classes)], rows),
            words=f"{run.title}, {self.snapshot}: {accuracy(float(known.right.mean()), len(known))} of {len(known):,} "
            f"{self.split} images of {card.data} are right." + (f" Most often: {worst}." if worst else ""),
            sources=weights | provenance.of_data(card.data),
        )

    @property
    def heading(self) -> str:
        return "Confusion"

    @property
    def command(self) -> str:
        return f"diagnose {self.run} --snapshot {self.snapshot} --split {self.split} --count 1000000"

    @property
    def link(self) -> Link:
        return Link("diagnosis", {"run": self.run, "snapshot": self.snapshot})


def _matrix(counts: "np.ndarray[tuple[int, int], np.dtype[np.int64]]", classes: tuple[str, ...]) -> str:
    from cnnviz.charts.heat_map import heat_map

    rows = [
        {"Predicted": classes[column], "Class": classes[row], "Images": int(counts[row, column])}
        for row in range(len(classes))
        for column in range(len(classes))
    ]
    large = len(classes) > _LABELLED
    return svg(
        heat_map(
            rows, across="Predicted", down="Class", split=None, value="Images", style=",d",
            cell=(12, 12) if large else (58, 30), numbers=not large,
        )
    )  # fmt: skip
