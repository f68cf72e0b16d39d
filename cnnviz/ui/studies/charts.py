"""What differs between variants, in one chart: a heat map of two settings, points with intervals of one."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from cnnviz.charts.heat_map import heat_map
from cnnviz.charts.share_format import share_format
from cnnviz.render.colour import BLUE
from cnnviz.studies.definition import Study
from cnnviz.studies.results import Row
from cnnviz.studies.variant import text

_WIDE = 30
"""A range of so many times its lowest value has a logarithmic axis."""


def show(rows: Sequence[Row], study: Study) -> Row | None:
    """Draw the validation figure of all variants that have one; the one that is chosen by a click."""
    share = study.objective == "validation_accuracy"
    value = "Validation accuracy" if share else "Validation loss"
    style = share_format(1) if share else ".3f"
    there = [row for row in rows if row.validation is not None]
    varied = study.vary.varied
    if study.vary.kind == "grid" and len(varied) == 2:
        labels = [_label(key) for key in varied]
        cells = [
            dict(zip(labels, (text(row.variant.settings[key]) for key in varied), strict=True))
            | {value: row.validation.value if row.validation else None, "seeds": row.finished}
            for row in there
        ]
        chart = heat_map(
            cells, across=labels[0], down=labels[1], split=None, value=value, style=style, select=True
        )
        width: Any = "content"
        fields = labels
    else:
        one = varied[0] if study.vary.kind == "grid" and len(varied) == 1 else None
        fields = [_label(one) if one else "Variant"]
        chart = points(there, one, label=fields[0], value=value, style=style)
        width = "stretch"
        cells = [{fields[0]: _position(row, one)} for row in there]
    event: Any = st.altair_chart(chart, width=width, key=f"study chart {study.title}", on_select="rerun")
    picked = event["selection"].get("cell") if event else None
    for wanted in picked or ():
        for row, cell in zip(there, cells, strict=True):
            if all(cell[field] == wanted.get(field) for field in fields):
                return row
    return None


def points(rows: Sequence[Row], key: str | None, *, label: str, value: str, style: str) -> Any:
    """A point a variant with the 95 % interval of its mean over seeds; by the values of one setting, or by variant."""
    frame = pd.DataFrame(
        [
            {
                label: _position(row, key),
                value: row.validation.value,
                "low": row.validation.interval[0] if row.validation.interval else row.validation.value,
                "high": row.validation.interval[1] if row.validation.interval else row.validation.value,
                "seeds": row.finished,
            }
            for row in rows
            if row.validation is not None
        ]
    )
    numbers = list(frame[label]) if all(isinstance(one, int | float) for one in frame[label]) else []
    base = alt.Chart(frame).encode(x=_axis(label, numbers))
    y = alt.Y(f"{value}:Q", scale=alt.Scale(zero=False), axis=alt.Axis(format=style))
    bars = base.mark_rule(color=BLUE, strokeWidth=2).encode(y=alt.Y("low:Q", title=value), y2="high:Q")
    dots = (
        base.mark_point(size=90, filled=True, color=BLUE, opacity=1)
        .encode(y=y, tooltip=[label, alt.Tooltip(f"{value}:Q", format=style), "seeds:Q"])
        .add_params(alt.selection_point(name="cell", fields=[label], toggle=False))
    )
    layers = [base.mark_line(color=BLUE, opacity=0.5).encode(y=y)] if len(numbers) > 1 else []
    return alt.layer(*layers, bars, dots).properties(height=320)


def _axis(label: str, numbers: Sequence[float]) -> alt.X:
    if not numbers:
        return alt.X(f"{label}:N", sort=None, title=label, axis=alt.Axis(labelAngle=0, labelLimit=200))
    wide = min(numbers) > 0 and max(numbers) / min(numbers) >= _WIDE
    return alt.X(f"{label}:Q", title=label, scale=alt.Scale(type="log" if wide else "linear", zero=False))


def _position(row: Row, key: str | None) -> Any:
    """Where a variant stands on the axis."""
    if key is None:
        return row.variant.name
    value = row.variant.settings[key]
    return value if isinstance(value, int | float) and not isinstance(value, bool) else text(value)


def _label(key: str) -> str:
    """A setting as the name of a column, where dots and brackets would mean a path."""
    return key.replace(".", " ").replace("_", " ")
