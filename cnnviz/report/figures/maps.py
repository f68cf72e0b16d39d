"""Activation maps of a layer for an image."""

from typing import Annotated, Literal

from pydantic import Field

from cnnviz.errors import CnnvizError
from cnnviz.formatting import per_cent
from cnnviz.progress import Progress, Work
from cnnviz.render.mosaic import grid
from cnnviz.report.figures.figure import Cell, Drawing, Link, Picture, Table
from cnnviz.report.figures.subject import OfImage

_WIDTH = 960


class Maps(OfImage):
    """What a layer makes of an image, channel by channel."""

    kind: Literal["maps"] = "maps"
    layer: Annotated[str, Field(min_length=1, max_length=200)]

    def draw(self) -> Work[Drawing]:
        from cnnviz.explore.activations.activation_maps import channel_maps, summary

        found = yield from self.subject()
        yield Progress(0.5, self.layer)
        maps = channel_maps(found.model, found.image.values, self.layer)
        try:
            drawn = grid(maps, max_width=_WIDTH, background=(255, 255, 255))
        except ValueError as error:
            raise CnnvizError(str(error)) from None
        said = summary(maps)
        channels, height, width = maps.shape
        rows: list[list[Cell]] = [
            [number, float(one.min()), float(one.max()), float(one.mean()), float((one == 0).mean())]
            for number, one in enumerate(maps)
        ]
        return Drawing(
            title=self.heading,
            pictures=[
                found.picture,
                Picture(
                    f"{channels} maps of {self.layer}",
                    png=drawn.png,
                    title=self.layer,
                    words=drawn.scale.in_words(),
                ),
            ],
            table=Table(["channel", "minimum", "maximum", "mean", "share of zeros"], rows),
            words=f"{found.run.title}, {self.snapshot}: {channels} channels of {height} × {width} for {self.image}; "
            f"{per_cent(said.zeros)} of the values are zero, {len(said.dead)} channels everywhere.",
            sources=found.sources,
        )

    @property
    def heading(self) -> str:
        return f"Maps of {self.layer}"

    @property
    def command(self) -> str:
        return f"activations {self.run} --layer {self.layer} {self.options}"

    @property
    def link(self) -> Link:
        return Link("activations", self.query | {"layer": self.layer})
