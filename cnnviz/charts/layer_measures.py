"""Small charts of one figure against the layers of a network, in the order of running."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from cnnviz.charts.share_format import share_format
from cnnviz.explore.statistics.measures import Measure
from cnnviz.explore.statistics.profile import LayerStatistics
from cnnviz.render.colour import BLUE, GREY, VERMILION

PICKED = "picked"
"""Name of the selection that a click on a point makes; it has the layer."""
_COLOURS = [BLUE, VERMILION]
_DASHES = [[1, 0], [6, 3]]
_DOTS = [2, 2]
_COLUMNS = ["layer", "value", "low", "high", "series", "words"]


def by_layer(measure: Measure, series: Mapping[str, Sequence[LayerStatistics]]) -> Any:
    """A line a network, at most two, with bars of one standard error; grey is what to hold it against."""
    names = list(series)
    rows = [_row(measure, one, name) for name, layers in series.items() for one in measure.shown(layers)]
    # Of the first network alone: of two trained alike, both have the same.
    rows += [
        _beside(measure, one) for one in measure.shown(series[names[0]]) if measure.beside(one) is not None
    ]
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    order = list(dict.fromkeys(one.layer for layers in series.values() for one in measure.shown(layers)))
    there = [name for name in [*names, measure.beside_title] if name in set(frame["series"])]
    looks = dict(zip(names, zip(_COLOURS, _DASHES, strict=True), strict=False))
    looks[measure.beside_title] = (GREY, _DOTS)
    legend = alt.Legend(orient="top", title=None, labelLimit=300, symbolType="stroke", columns=2)
    colour = alt.Color(
        "series:N",
        scale=alt.Scale(domain=there, range=[looks[name][0] for name in there]),
        legend=legend if len(there) > 1 else None,
    )
    dash = alt.StrokeDash(
        "series:N", scale=alt.Scale(domain=there, range=[looks[name][1] for name in there]), legend=None
    )
    scale = (
        alt.Scale(type="log", domain=[1, max(2, frame["value"].max())], nice=False)
        if measure.pixels
        else alt.Scale(domain=[0, 1] if frame["value"].max() > 0.3 else [0, 0.3])
    )
    axis = (
        alt.Axis(format="d", values=[1, 2, 4, 8, 16, 32, 64, 128, 256, 512])
        if measure.pixels
        else alt.Axis(format=share_format())
    )
    base = alt.Chart(frame).encode(
        x=alt.X(
            "layer:N",
            sort=order,
            scale=alt.Scale(domain=order),
            title=None,
            axis=alt.Axis(labelAngle=-50, labelLimit=140, labelOverlap=False, grid=False),
        ),
        color=colour,
    )
    y = alt.Y("value:Q", title="pixels" if measure.pixels else None, axis=axis, scale=scale)
    words: list[Any] = [
        alt.Tooltip("layer:N"),
        alt.Tooltip("series:N", title="of"),
        alt.Tooltip("words:N", title="value"),
    ]
    lines = base.mark_line(strokeWidth=2).encode(y=y, strokeDash=dash)
    errors = (
        base.transform_filter("isValid(datum.low)")
        .mark_rule(aria=False, strokeWidth=1.5)
        .encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    )
    picked = alt.selection_point(name=PICKED, fields=["layer"], empty=False)
    points = (
        base.mark_point(filled=True, opacity=1, size=70, cursor="pointer")
        .encode(y=y, tooltip=words)
        .add_params(picked)
    )
    chart: Any = alt.layer(lines, errors, points).properties(
        height=320, title=alt.Title(measure.title, anchor="start", fontSize=13)
    )
    return chart


def _row(measure: Measure, one: LayerStatistics, series: str) -> dict[str, Any]:
    value, error = measure.value(one), measure.error(one)
    assert value is not None
    low, high = (None, None) if error is None else (value - error, value + error)
    return {
        "layer": one.layer,
        "value": value,
        "low": low,
        "high": high,
        "series": series,
        "words": measure.exactly(value, error),
    }


def _beside(measure: Measure, one: LayerStatistics) -> dict[str, Any]:
    value = measure.beside(one)
    assert value is not None
    return {
        "layer": one.layer, "value": value, "low": None, "high": None,
        "series": measure.beside_title, "words": measure.exactly(value, None),
    }  # fmt: skip
