"""Charts of a run. Colours tell series apart, and so do dashes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Literal, TypeVar

import altair as alt
import pandas as pd

from cnnviz.charts.share_format import share_format
from cnnviz.formatting import per_cent
from cnnviz.render.colour import BLUE, GREY, VERMILION
from cnnviz.runs.metrics import Metrics

T = TypeVar("T")
MOST_POINTS = 1000
"""Points a line at the most: more is not seen, but slows the page."""

_SERIES = ["training batch", "training", "validation"]
_COLOURS = [GREY, BLUE, VERMILION]
_DASHES = [[1, 0], [1, 0], [6, 3]]


@dataclass(frozen=True)
class Mark:
    """Something that happened in the middle of a run."""

    epoch: float
    words: str


def learning_curve(
    metrics: Metrics, quantity: str, *, log: bool = False, share: bool = False, marks: Sequence[Mark] = ()
) -> alt.Chart:
    """`quantity` (loss or accuracy) against epochs: single batches, training, validation. Marks stand as thin lines."""
    rows = [
        {"epoch": line.epoch, "value": getattr(line, quantity), "series": _SERIES[0]}
        for line in thin(metrics.steps)
    ]
    for series, key in (("training", f"train_{quantity}"), ("validation", f"validation_{quantity}")):
        rows += [
            {"epoch": line.epoch, "value": getattr(line, key), "series": series}
            for line in thin(metrics.epochs)
        ]
    title = {"loss": "Loss (cross-entropy, nats)", "accuracy": "Accuracy"}[quantity]
    return _lines(rows, title, log=log, style=share_format() if share else "", marks=marks)


def rate_curve(metrics: Metrics, key: str, title: str, *, log: bool = False) -> alt.Chart:
    """One figure of the training steps (learning rate, gradient norm) against epochs."""
    rows = [
        {"epoch": line.epoch, "value": getattr(line, key), "series": "training"}
        for line in thin(metrics.steps)
    ]
    return _lines(rows, title, log=log, style="", legend=False)


def speed_curve(metrics: Metrics) -> alt.Chart:
    """Training images a second, by epoch."""
    rows = [
        {"epoch": line.epoch, "value": line.images_per_second, "series": "training"}
        for line in thin(metrics.epochs)
    ]
    return _lines(rows, "Images a second", log=False, style=",.0f", legend=False)


def probabilities(names: Sequence[str], values: Sequence[float]) -> alt.Chart:
    """The likeliest classes as bars, likeliest first."""
    labels = [f"{name}  {per_cent(value)}" for name, value in zip(names, values, strict=True)]
    rows = [
        {"class": name, "label": label, "probability": value}
        for name, label, value in zip(names, labels, values, strict=True)
    ]
    bars: alt.Chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(color=BLUE, cornerRadiusEnd=2, height=14)
        .encode(
            y=alt.Y(
                "label:N", sort=None, title=None, axis=alt.Axis(labelLimit=200, ticks=False, domain=False)
            ),
            x=alt.X("probability:Q", scale=alt.Scale(domain=[0, 1]), axis=None),
            tooltip=["class:N", alt.Tooltip("probability:Q", format=share_format(3))],
        )
        .properties(height=26 * len(rows))
    )
    return bars


def thin(lines: Sequence[T]) -> list[T]:
    """At most about `MOST_POINTS` of `lines`, evenly, the last one always."""
    stride = max(1, -(-len(lines) // MOST_POINTS))
    kept = list(lines[::stride])
    if lines and kept[-1] is not lines[-1]:
        kept.append(lines[-1])
    return kept


def _height(values: Sequence[float], *, log: bool) -> alt.Scale:
    """The scale of an axis of values; around a single one, half of it above and below."""
    kind: Literal["log", "linear"] = "log" if log else "linear"
    finite = [value for value in values if isfinite(value)]
    if not finite or min(finite) != max(finite):
        return alt.Scale(type=kind, zero=False)
    only = finite[0]
    return alt.Scale(type=kind, domain=sorted((only / 2, only * 1.5)) if only else [0, 1], nice=False)


def _lines(
    rows: list[dict[str, Any]],
    title: str,
    *,
    log: bool,
    style: str,
    legend: bool = True,
    marks: Sequence[Mark] = (),
) -> alt.Chart:
    if log:
        rows = [row for row in rows if row["value"] > 0]
    there = {row["series"] for row in rows}
    present = [name for name in _SERIES if name in there]
    chosen = [_SERIES.index(name) for name in present]
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=present, range=[_COLOURS[i] for i in chosen]),
        legend=alt.Legend(orient="top", title=None) if legend else None,
    )
    dash = alt.StrokeDash(
        "series:N", scale=alt.Scale(domain=present, range=[_DASHES[i] for i in chosen]), legend=None
    )
    axis = alt.Axis(format=style) if style else alt.Axis()
    base = alt.Chart(pd.DataFrame(rows, columns=["epoch", "value", "series"])).encode(
        x=alt.X(
            "epoch:Q",
            title="Epoch",
            axis=alt.Axis(tickMinStep=1, grid=False),
            scale=alt.Scale(domain=[0, max([1.0, *(row["epoch"] for row in rows)])], nice=False),
        ),
        y=alt.Y("value:Q", title=None, axis=axis, scale=_height([row["value"] for row in rows], log=log)),
        color=colour,
        tooltip=[
            "series:N",
            alt.Tooltip("epoch:Q", format=".2f"),
            alt.Tooltip("value:Q", title=title, format=style or ".4g"),
        ],
    )
    faint = base.transform_filter(alt.datum.series == _SERIES[0]).mark_line(strokeWidth=1, opacity=0.55)
    strong = (
        base.transform_filter(alt.datum.series != _SERIES[0])
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=24, filled=True))
        .encode(strokeDash=dash)
    )
    shown = faint + strong if legend else base.mark_line(strokeWidth=2)
    if marks:
        shown += (
            alt.Chart(pd.DataFrame([asdict(mark) for mark in marks]))
            .mark_rule(color=GREY, strokeDash=[2, 2])
            .encode(x="epoch:Q", tooltip=alt.Tooltip("words:N", title="Changed"))
        )
    titled: alt.Chart = shown.properties(
        height=300 if legend else 220, title=alt.Title(title, anchor="start", fontSize=13)
    )
    return titled
