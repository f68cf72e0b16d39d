"""Charts of a diagnosis: said against seen."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from cnnviz.charts.share_format import share_format
from cnnviz.diagnosis.calibration import Calibration
from cnnviz.render.colour import BLUE, GREY, VERMILION

_COLOURS = [BLUE, VERMILION]
_DASHES = [[1, 0], [6, 3]]


def reliability(series: Mapping[str, Calibration]) -> Any:
    """Accuracy against confidence, a line a series, at most two; grey is where both are equal. Bars: one
    standard error."""
    names = list(series)
    rows = [
        {
            "series": name, "confidence": one.confidence, "accuracy": one.accuracy, "count": one.count,
            "low": max(0.0, one.accuracy - one.error), "high": min(1.0, one.accuracy + one.error),
            "bin": f"{one.low:.2f} to {one.high:.2f}",
        }
        for name, found in series.items()
        for one in found.bins
    ]  # fmt: skip
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=names, range=_COLOURS[: len(names)]),
        legend=alt.Legend(orient="top", title=None, symbolType="stroke") if len(names) > 1 else None,
    )
    dash = alt.StrokeDash("series:N", scale=alt.Scale(domain=names, range=_DASHES[: len(names)]), legend=None)
    unit = alt.Scale(domain=[0, 1])
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("confidence:Q", title="Confidence (mean probability of the guess)", scale=unit,
                axis=alt.Axis(format=share_format(), grid=False)),
        color=colour,
    )  # fmt: skip
    y = alt.Y("accuracy:Q", title="Accuracy", scale=unit, axis=alt.Axis(format=share_format()))
    equal = (
        alt.Chart(pd.DataFrame([{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 1.0}]))
        .mark_line(color=GREY, strokeDash=[2, 2], strokeWidth=1.5)
        .encode(x="x:Q", y="y:Q")
    )
    words: list[Any] = [
        alt.Tooltip("series:N", title="of"),
        alt.Tooltip("bin:N", title="confidence"),
        alt.Tooltip("count:Q", title="images", format=","),
        alt.Tooltip("accuracy:Q", format=share_format(1)),
        alt.Tooltip("confidence:Q", title="mean confidence", format=share_format(1)),
    ]
    errors = base.mark_rule(strokeWidth=1.5).encode(y=alt.Y("low:Q", title="Accuracy"), y2="high:Q")
    lines = base.mark_line(strokeWidth=2).encode(y=y, strokeDash=dash)
    points = base.mark_point(filled=True, opacity=1, size=60).encode(y=y, tooltip=words)
    return alt.layer(equal, errors, lines, points).properties(height=340)
