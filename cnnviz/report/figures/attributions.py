"""Which pixels speak for a class, by one method, and whether its map can be trusted."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from cnnviz.errors import CnnvizError, NotFound
from cnnviz.formatting import decimal, per_cent
from cnnviz.progress import Work, within
from cnnviz.registry import entry
from cnnviz.render.attribution import coloured, scale_of_sizes
from cnnviz.render.picture import enlarge, png
from cnnviz.report.figures.figure import Cell, Drawing, Link, Picture, Table
from cnnviz.report.figures.subject import OfImage

if TYPE_CHECKING:
    from cnnviz.explore.attribution.attribute import Attribution
    from cnnviz.explore.attribution.checks import Checks

_SIDE = 256
_SHOWN = 0.99
"""Share of a map's values that lie within its colours."""


class Attributed(OfImage):
    """A map of one method for one class."""

    kind: Literal["attribution"] = "attribution"
    method: Annotated[str, Field(max_length=60)]
    of_class: Annotated[str, Field(max_length=200)]
    """The class's name."""
    baseline: str = "mean"
    layer: str | None = None
    """Of Grad-CAM; the last one with maps for none."""
    settings: Mapping[str, int | float | str | bool] = Field(default_factory=dict)
    """Of the method."""
    check: bool = True
    """Whether the map is put to the test."""

    def draw(self) -> Work[Drawing]:
        from cnnviz.explore.attribution import cam
        from cnnviz.explore.attribution.attribute import AttributionSetting, attribute
        from cnnviz.explore.attribution.checks import checks
        from cnnviz.explore.attribution.methods import METHODS
        from cnnviz.explore.layers.structure import layers

        method = entry("method", self.method, METHODS)
        found = yield from self.subject()
        if self.of_class not in found.card.classes:
            raise NotFound("class", self.of_class, available=found.card.classes)
        target = found.card.classes.index(self.of_class)
        best = cam.best_layer(layers(found.model, found.image.shape))
        setting = AttributionSetting(baseline=self.baseline, layer=self.layer or (best[0] if best else None))
        try:
            options = method.options.model_validate(dict(self.settings))
        except ValueError:
            raise CnnvizError(f"{method.title} does not take {dict(self.settings)}.") from None
        values = found.image.values
        asked = attribute(
            found.model,
            found.card,
            values,
            method=self.method,
            targets=[target],
            options=options,
            setting=setting,
        )
        (map_,) = yield from within(asked, 0.1, 0.4)
        tested = None
        if self.check:
            tested = yield from within(
                checks(found.model, found.card, values, map_, options=options, setting=setting), 0.4, 1.0
            )
        scale = scale_of_sizes([map_.map], signed=map_.signed, share=_SHOWN)
        pictures = [found.picture]
        for view, title in (("signed", method.title), ("overlay", "Over the image")):
            drawn = coloured(map_.map, scale, view, found.image.pixels)  # type: ignore[arg-type]
            pictures.append(
                Picture(
                    f"{method.title} for {self.of_class}: {title.lower()}",
                    png=png(enlarge(drawn, to=_SIDE)),
                    title=title,
                    words=scale.in_words().replace(", shared by all maps", ""),
                )
            )
        rows, seen = _figures(map_, tested)
        return Drawing(
            title=f"{method.title} for {self.of_class}",
            pictures=pictures,
            table=Table(["check", "value", "what it says"], rows, seen),
            table_place="after",
            words=f"{found.run.title}, {self.snapshot}, {self.image}. {method.shows} It misleads: {method.misleads}",
            sources=found.sources,
        )

    @property
    def heading(self) -> str:
        return f"{self.method.replace('_', ' ').capitalize()} for {self.of_class}"

    @property
    def command(self) -> str:
        parts = [f"attribute {self.run} --method {self.method} --class '{self.of_class}' {self.options}"]
        parts += [f"--baseline {self.baseline}"] if self.baseline != "mean" else []
        parts += [f"--layer {self.layer}"] if self.layer else []
        parts += [f"--set {key}={value}" for key, value in self.settings.items()]
        return " ".join([*parts, *(["--check"] if self.check else [])])

    @property
    def link(self) -> Link:
        return Link("attribution", self.query | {"classes": self.of_class, "methods": self.method})


def _figures(map_: "Attribution", tested: "Checks | None") -> tuple[list[list[Cell]], list[list[str]]]:
    """Checks as numbers, and in words."""
    rows: list[list[Cell]] = []
    seen: list[list[str]] = []

    def add(name: str, value: float, words: str) -> None:
        rows.append([name, value, words])
        seen.append([name, decimal(value), words])

    if map_.missing is None or map_.expected is None:
        rows.append(["completeness", None, "its values need not add up to anything"])
        seen.append(["completeness", "–", "its values need not add up to anything"])
    else:
        share = abs(map_.missing) / abs(map_.expected) if map_.expected else float("inf")
        add("completeness error", map_.missing, f"logits off, of {decimal(map_.expected)}: {per_cent(share)}")
    if tested is None:
        return rows, seen
    curves = tested.curves
    add(
        "deletion, area",
        curves.deletion.area,
        f"random order {curves.deletion_at_random.area:.3f}: small is good",
    )
    add(
        "insertion, area",
        curves.insertion.area,
        f"random order {curves.insertion_at_random.area:.3f}: large is good",
    )
    add("max sensitivity", tested.sensitivity, "largest change of the map for a little noise, of its norm")
    add("infidelity", tested.infidelity, "0 is perfect, 1 no better than nothing")
    if tested.destroyed:
        last = tested.destroyed[-1]
        add(
            "likeness when destroyed",
            last.correlation,
            f"rank correlation with {last.layers} layers of noise: near 0 is good",
        )
    return rows, seen
