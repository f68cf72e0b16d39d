"""A measure of all layers, early to late."""

from typing import Annotated, Literal

from pydantic import Field

from cnnviz.errors import NotFound
from cnnviz.explore.statistics.measures import MEASURES
from cnnviz.progress import Work, within
from cnnviz.registry import entry
from cnnviz.report.figures.figure import Cell, Drawing, Link, Picture, Table, svg
from cnnviz.report.figures.of_network import OfNetwork

_WIDTH = 620


class Layers(OfNetwork):
    """One measure against the layers, over some test images."""

    kind: Literal["layers"] = "layers"
    measure: Annotated[str, Field(max_length=60)]
    images: Annotated[int, Field(ge=1, le=100_000)] = 500
    of_class: Annotated[str, Field(max_length=200)] | None = None
    """The only class that is looked at; all for none."""

    def draw(self) -> Work[Drawing]:
        from cnnviz.charts.layer_measures import by_layer
        from cnnviz.explore.statistics import profile
        from cnnviz.explore.statistics.layer_statistics import statistics

        measure = entry("measure", self.measure, MEASURES)
        there, data, sources = yield from self.with_data(any_size=True)
        classes = there.card.classes
        if self.of_class is not None and self.of_class not in classes:
            raise NotFound("class", self.of_class, available=classes)
        number = None if self.of_class is None else classes.index(self.of_class)
        images, labels = data.test_images, data.test_labels
        numbers = profile.sample(labels, count=self.images, of_class=number, data=there.card.data)
        found = yield from within(
            statistics(there.model, there.card, images, labels, numbers=numbers, of_class=self.of_class),
            0.1,
            1.0,
        )
        layers = measure.shown(found.main)
        rows: list[list[Cell]] = [
            [one.layer, one.kind, measure.value(one), measure.error(one)] for one in layers
        ]
        chart = by_layer(measure, {there.run.title: found.main}).properties(width=_WIDTH)
        return Drawing(
            title=self.heading,
            pictures=[Picture(f"{measure.title} by layer of {there.run.title}", svg=svg(chart))],
            table=Table(["layer", "kind", measure.title.lower(), "standard error"], rows),
            words=f"{there.run.title}, {self.snapshot}, over {found.images:,} test images of {found.data}"
            + (f", only {self.of_class}. " if self.of_class else ". ")
            + measure.meaning,
            sources=sources,
        )

    @property
    def heading(self) -> str:
        title = MEASURES[self.measure].title if self.measure in MEASURES else self.measure
        return f"{title} by layer"

    @property
    def command(self) -> str:
        only = f" --class '{self.of_class}'" if self.of_class else ""
        return f"statistics {self.run} --snapshot {self.snapshot} --images {self.images}{only}"

    @property
    def link(self) -> Link:
        return Link("statistics", {"run": self.run, "snapshot": self.snapshot, "images": str(self.images)})
