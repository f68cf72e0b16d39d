"""The filters of the first layer, untrained and trained."""

from typing import Literal

from cnnviz.errors import RunError
from cnnviz.progress import Progress, Work
from cnnviz.render import filters as rendering
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Drawing, Figure, Link, Picture, RunId
from cnnviz.runs.run import find

_WIDTH = 440


class Filters(Figure):
    """Two epochs of the first layer beside each other."""

    kind: Literal["filters"] = "filters"
    run: RunId
    before: int = 0
    after: int | None = None
    """Epochs; the last one for none."""

    def draw(self) -> Work[Drawing]:
        yield Progress(0.0, "Filters")
        run = find(self.run)
        epochs, kept = run.filters()
        if not len(epochs):
            raise RunError(f"The run {run.id} has no filters: it was imported, or has not begun.")
        after = int(epochs[-1]) if self.after is None else self.after
        pictures = []
        for epoch in dict.fromkeys((self.before, after)):
            places = (epochs == epoch).nonzero()[0]
            if not len(places):
                raise RunError(f"The run {run.id} has no filters of epoch {epoch}.")
            filters = kept[places[-1]].astype("float32")
            drawn = rendering.mosaic(filters, max_width=_WIDTH, background=(255, 255, 255))
            title = "Untrained" if epoch == 0 else f"Epoch {epoch}"
            pictures.append(
                Picture(
                    f"{len(filters)} first-layer filters, {title.lower()}",
                    png=drawn.png,
                    title=title,
                    words=drawn.scale.in_words().replace(", shared by all maps", ""),
                )
            )
        count, channels, height, width = kept.shape[1:]
        what = "the first 100 units" if height == width == 1 and count == 100 else f"{count} filters"
        return Drawing(
            title=self.heading,
            pictures=pictures,
            words=f"{run.title}: {what} of {channels} × {height} × {width} weights, stored in 16 bits. "
            + (
                "Colours are weights by colour channel, grey is zero."
                if channels == 3
                else "Blue is negative, red positive, white zero."
            ),
            sources=provenance.of_files(run, "filters.npz"),
        )

    @property
    def heading(self) -> str:
        return "First-layer filters"

    @property
    def command(self) -> str:
        return f"filters {self.run}"

    @property
    def link(self) -> Link:
        return Link("filters", {"run": self.run})
