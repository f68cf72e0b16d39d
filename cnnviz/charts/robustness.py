"""A chart of accuracy against the strength of a perturbation."""

from typing import Any

import altair as alt
import pandas as pd

from cnnviz.charts.share_format import share_format
from cnnviz.data.perturbation import PERTURBATIONS
from cnnviz.explore.robustness.curve import Curve
from cnnviz.formatting import per_cent
from cnnviz.render.colour import BLUE, GREY, ORANGE, VERMILION

_SERIES = ["accuracy", "mean probability of the true class"]
_COLOURS, _DASHES = [BLUE, ORANGE], [[1, 0], [6, 3]]
_MARK = VERMILION


def against_strength(curve: Curve, *, at: float | None) -> Any:
    """Both figures of a curve, with bars of one standard error; lines where guessing is, and at a strength, if any."""
    shaking = PERTURBATIONS[curve.perturbation]
    setting = shaking.settings[shaking.strength]
    rows = []
    for strength, accuracy, error, sure in zip(
        curve.strengths, curve.accuracy, curve.error, curve.true_probability, strict=True
    ):
        words = {"strength": strength, "is": setting.words(strength)}
        exactly = per_cent(accuracy, error)
        rows += [
            words
            | {
                "series": _SERIES[0], "value": accuracy, "words": exactly,
                "low": max(0.0, accuracy - error), "high": min(1.0, accuracy + error),
            },
            words
            | {"series": _SERIES[1], "value": sure, "words": per_cent(sure), "low": None, "high": None},
        ]  # fmt: skip
    ends = [min(curve.strengths), max(curve.strengths)]
    x = alt.X(
        "strength:Q",
        title=f"{setting.label} ({setting.unit})" if setting.unit else setting.label,
        # The unshaken picture at the left, where it is an end.
        scale=alt.Scale(domain=ends, nice=False, reverse=curve.strengths[0] > curve.strengths[-1]),
        axis=alt.Axis(grid=False),
    )
    y = alt.Y("value:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=share_format()))
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=x,
        color=alt.Color(
            "series:N",
            scale=alt.Scale(domain=_SERIES, range=_COLOURS),
            legend=alt.Legend(orient="top", title=None, symbolType="stroke", labelLimit=300),
        ),
    )
    lines = base.mark_line(strokeWidth=2).encode(
        y=y,
        strokeDash=alt.StrokeDash("series:N", scale=alt.Scale(domain=_SERIES, range=_DASHES), legend=None),
    )
    errors = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(strokeWidth=1.5)
        .encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    )
    points = base.mark_point(filled=True, opacity=1, size=30).encode(
        y=y,
        tooltip=[
            alt.Tooltip("is:N", title=setting.label.lower()),
            alt.Tooltip("series:N", title="of"),
            alt.Tooltip("words:N", title="value"),
        ],
    )
    guess = (
        alt.Chart(pd.DataFrame([{"value": curve.chance}]))
        .mark_rule(color=GREY, strokeDash=[2, 2], strokeWidth=1.5)
        .encode(y=y)
    )
    layers = [guess, errors, lines, points]
    if at is not None and ends[0] <= at <= ends[1]:
        layers.insert(
            0,
            alt.Chart(pd.DataFrame([{"strength": at}])).mark_rule(color=_MARK, strokeWidth=1.5).encode(x=x),
        )
    chart: Any = alt.layer(*layers).properties(
        height=320, title=alt.Title(shaking.title, anchor="start", fontSize=13)
    )
    return chart
