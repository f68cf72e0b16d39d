"""Learning curves: of one run training beside validation, of several one of them, a line each."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from cnnviz.config.comparison import differing, flat, identity
from cnnviz.config.words import setting_titles, setting_value
from cnnviz.errors import RunError
from cnnviz.progress import Progress, Work
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Drawing, Link, Picture, Table, svg
from cnnviz.report.figures.of_runs import OfRuns
from cnnviz.runs.run import Run

if TYPE_CHECKING:
    import altair as alt

_WIDTH = 620
_MOST = 18
"""Lines that look different."""
_LABEL = 45
"""Letters of a line's name."""


class Curves(OfRuns):
    """A figure of the epochs, through training."""

    kind: Literal["curves"] = "curves"
    quantity: Literal["loss", "accuracy"] = "loss"
    split: Literal["train", "validation"] = "validation"
    """Of several runs."""
    names: tuple[Annotated[str, Field(max_length=200)], ...] = ()
    """Of each run; those of one name are seeds of one line. Without names, runs are told apart by their settings."""

    @model_validator(mode="after")
    def _all_named(self) -> Self:
        if self.names and len(self.names) != len(self.runs):
            raise ValueError("give each run a name, or none")
        return self

    def draw(self) -> Work[Drawing]:
        yield Progress(0.0, "Curves")
        runs = [provenance.run_named(name) for name in self.runs]
        lines = {run.id: run.metrics().epochs for run in runs}
        if not any(lines.values()):
            raise RunError(f"No epoch of {', '.join(lines)} was measured yet: wait for it, or resume it.")
        chart, words = _one(runs[0], self.quantity) if len(runs) == 1 else self._several(runs)
        short = [run.id for run in runs if not run.metrics().finished]
        if short:
            words += f" Not finished: {', '.join(short)}."
        rows = [
            [
                name,
                line.epoch,
                getattr(line, f"train_{self.quantity}"),
                getattr(line, f"validation_{self.quantity}"),
            ]
            for name, epochs in lines.items()
            for line in epochs
        ]
        return Drawing(
            title=self.heading,
            pictures=[
                Picture(f"{self.heading} by epoch of {', '.join(run.title for run in runs)}", svg=svg(chart))
            ],
            table=Table(["run", "epoch", f"training {self.quantity}", f"validation {self.quantity}"], rows),
            words=words,
            sources=provenance.of_runs(runs),
        )

    def _several(self, runs: Sequence[Run]) -> "tuple[alt.Chart | alt.LayerChart, str]":
        from cnnviz.charts import run_curves

        groups: dict[str, list[Run]] = defaultdict(list)
        for at, run in enumerate(runs):
            groups[self.names[at] if self.names else identity(run.config)].append(run)
        if len(groups) > _MOST:
            raise RunError(f"More than {_MOST} curves can't be told apart: choose fewer runs.")
        names = list(groups) if self.names else _labels([those[0] for those in groups.values()])
        seeds = max(map(len, groups.values()))
        chart = run_curves.curves(
            {
                name: [run.metrics().epochs for run in those]
                for name, those in zip(names, groups.values(), strict=True)
            },
            self.split,
            self.quantity,
            band=seeds > 1,
            columns=2,
        )
        words = (
            f"Mean over up to {seeds} seeds, and one standard deviation to both sides."
            if seeds > 1
            else "One seed each."
        )
        return chart.properties(width=_WIDTH), words

    @property
    def heading(self) -> str:
        title = "Loss" if self.quantity == "loss" else "Accuracy"
        if len(self.runs) == 1:
            return title
        return f"{'Training' if self.split == 'train' else 'Validation'} {title.lower()}"

    @property
    def command(self) -> str:
        return f"export {self.runs[0]} --what csv"

    @property
    def link(self) -> Link:
        return Link("train", {"run": self.runs[0]}) if len(self.runs) == 1 else super().link


def _one(run: Run, quantity: str) -> "tuple[alt.Chart, str]":
    from cnnviz.charts import learning_curves

    chart = learning_curves.learning_curve(run.metrics(), quantity, share=quantity == "accuracy")
    images = run.metrics().started.get("validation", 0)
    words = f"Grey: single batches. Validation: {images:,} images, after each epoch."
    return chart.properties(width=_WIDTH), words


def _labels(runs: Sequence[Run]) -> list[str]:
    """Each run by its title, or by the settings in which it differs where titles are long or the same."""
    titles = [run.title for run in runs]
    if len(set(titles)) == len(titles) and max(map(len, titles)) <= _LABEL:
        return titles
    settings = {run.id: {key: one for key, one in flat(run.config).items() if key != "seed"} for run in runs}
    keys = differing(settings)
    words = setting_titles(keys)
    found = [
        ", ".join(f"{words[key]} {setting_value(key, settings[run.id].get(key))}" for key in keys)[:_LABEL]
        or run.title[:_LABEL]
        for run in runs
    ]
    return [name if found.count(name) == 1 else f"{name} ({number})" for number, name in enumerate(found, 1)]
