"""A layer for two images, two epochs or two networks, and what changes."""

from typing import Literal

import numpy as np

from cnnviz.errors import CnnvizError
from cnnviz.formatting import decimal
from cnnviz.progress import Work, within
from cnnviz.render.colour import scale_of
from cnnviz.render.mosaic import grid
from cnnviz.report.figures.figure import Cell, Drawing, Figure, Link, Picture, Table
from cnnviz.report.figures.maps import Maps
from cnnviz.report.figures.subject import Subject

_WIDTH = 440


class Compared(Figure):
    """Maps of A, of B, and B − A, where they have one shape."""

    kind: Literal["comparison"] = "comparison"
    a: Maps
    b: Maps

    def draw(self) -> Work[Drawing]:
        from cnnviz.explore.activations.activation_maps import channel_maps
        from cnnviz.explore.activations.difference import difference

        first = yield from within(self.a.subject(), 0.0, 0.4)
        second = yield from within(self.b.subject(), 0.4, 0.8)
        maps = [
            channel_maps(subject.model, subject.image.values, side.layer)
            for subject, side in ((first, self.a), (second, self.b))
        ]
        scale = scale_of(np.concatenate([one.ravel() for one in maps])[None])
        drawn = [("A", maps[0], scale), ("B", maps[1], scale)]
        words = f"A: {_said(self.a, first)}. B: {_said(self.b, second)}."
        rows: list[list[Cell]] = []
        if maps[0].shape == maps[1].shape:
            found = difference(*maps)
            drawn.append(("B − A", found.maps, scale_of(found.maps)))
            words += (
                f" Mean of |B − A| {decimal(found.mean)}, of |A| {decimal(float(np.abs(maps[0]).mean()))}"
            )
            words += (
                f"; correlation of all values {decimal(found.correlation, '.2f')}."
                if np.isfinite(found.correlation)
                else "."
            )
            rows = [[channel, float(change)] for channel, change in enumerate(found.by_channel)]
        try:
            pictures = [
                Picture(
                    f"{len(values)} maps of {title}",
                    png=grid(values, max_width=_WIDTH, background=(255, 255, 255), scale=of).png,
                    title=title,
                    words=of.in_words(),
                )
                for title, values, of in drawn
            ]
        except ValueError as error:
            raise CnnvizError(str(error)) from None
        return Drawing(
            title=self.heading,
            pictures=pictures,
            table=Table(["channel", "mean of |B − A|"], rows) if rows else None,
            words=words,
            sources=first.sources | second.sources,
        )

    @property
    def heading(self) -> str:
        layers = dict.fromkeys((self.a.layer, self.b.layer))
        return f"Compared: {' and '.join(layers)}"

    @property
    def command(self) -> str:
        return self.a.command

    @property
    def link(self) -> Link:
        query = {"run": self.a.run, "snapshot": self.a.snapshot, "image": self.a.image, "layer": self.a.layer}
        if self.a.run != self.b.run:
            query |= {"with": "network", "run_b": self.b.run, "snapshot_b": self.b.snapshot}
        elif self.a.snapshot != self.b.snapshot:
            query |= {"with": "epoch", "epoch_b": self.b.snapshot}
        else:
            query |= {"with": "image", "image_b": self.b.image}
        return Link("compare", query)


def _said(side: Maps, subject: Subject) -> str:
    says = subject.picture.words.partition("; ")[2]
    return f"{subject.run.title}, {side.snapshot}, {side.layer}, {side.image}, {says}"
