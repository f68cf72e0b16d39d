"""One setting: the figure of each variant against its value, with the interval over seeds."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from cnnviz.charts.studies.drawn import AT, Drawn, Look, by_variant
from cnnviz.charts.studies.findings import Findings
from cnnviz.render.colour import BLUE
from cnnviz.studies.results import Row
from cnnviz.studies.variant import text

_TICKS = 6
"""Values up to which each has a tick, and nothing else."""
_WIDE = 30
"""A range of so many times its lowest value has a logarithmic axis."""


def fits(found: Findings) -> bool:
    """Whether there are points."""
    return bool(found.rows)


def settings(found: Findings) -> list[str]:
    """Those that it can be drawn against; none for a list, whose variants stand below each other."""
    return [] if found.study.vary.kind == "list" else list(found.titles)


def draw(found: Findings, look: Look) -> Drawn:
    """Against the setting that is wanted, else the first."""
    there = settings(found)
    key = (look.setting if look.setting in there else there[0]) if there else None
    intervals = any(row.validation and row.validation.interval for row in found.rows)
    words = f"{found.means.removesuffix('.')}, with their 95 % intervals." if intervals else found.means
    return Drawn(_points(found, key), f"{found.value} by {found.titles[key] if key else 'variant'}", words)


def _points(found: Findings, key: str | None) -> Any:
    """A point a variant with the 95 % interval of its mean; by the values of one setting, or by variant.

    Names are written below each other, numbers have an axis from left to right. In a grid, lines join variants that
    differ in that setting alone.
    """
    label = found.titles[key] if key else "Variant"
    numbers = [one for row in found.rows if key and (one := row.variant.number(key)) is not None]
    numeric = len(numbers) == len(found.rows)
    base = alt.Chart(pd.DataFrame(_rows(found, key)))
    figures: dict[str, Any] = {"title": None if numeric else found.value, "scale": alt.Scale(zero=False)}
    style = alt.Axis(format=found.style, tickCount=5)
    if numeric:
        where: dict[str, Any] = {"x": axis(label, numbers)}
        dot: dict[str, Any] = {"y": alt.Y("figure:Q", **figures, axis=style)}
        span: dict[str, Any] = {"y": alt.Y("low:Q", **figures, axis=style), "y2": "high:Q"}
    else:
        where = {
            "y": alt.Y("position:N", sort=None, title=None, axis=alt.Axis(labelLimit=150, labelFlush=False))
        }
        dot = {"x": alt.X("figure:Q", **figures, axis=style)}
        span = {"x": alt.X("low:Q", **figures, axis=style), "x2": "high:Q"}
    bars = base.mark_rule(color=BLUE, strokeWidth=2).encode(**where, **span)
    dots = (
        base.mark_point(size=90, filled=True, color=BLUE, opacity=1, cursor="pointer")
        .encode(
            **where,
            **dot,
            tooltip=[
                alt.Tooltip("variant:N"),
                alt.Tooltip("figure:Q", title=found.value.lower(), format=found.style),
                alt.Tooltip("seeds:Q"),
            ],
        )
        .add_params(by_variant())
    )
    joined = numeric and len(set(numbers)) > 1 and found.study.vary.kind == "grid"
    lines = (
        [base.mark_line(color=BLUE, opacity=0.5).encode(**where, **dot, detail="others:N")] if joined else []
    )
    chart = alt.layer(*lines, bars, dots)
    if not numeric:
        return chart.properties(height=alt.Step(36))
    return chart.properties(height=320, title=alt.Title(found.value, anchor="start", fontSize=13))


def axis(label: str, numbers: Sequence[float]) -> alt.X:
    """An axis for numbers: a logarithmic one for a wide range, with a tick for each where they are few."""
    there = sorted(set(numbers))
    wide = there[0] > 0 and there[-1] / there[0] >= _WIDE
    return alt.X(
        "position:Q",
        title=label,
        scale=alt.Scale(type="log" if wide else "linear", zero=False, nice=False, padding=24),
        axis=alt.Axis(values=there, format="~g", labelFlush=False)
        if len(there) <= _TICKS
        else alt.Axis(format="~g", labelFlush=False),
    )


def _rows(found: Findings, key: str | None) -> list[dict[str, Any]]:
    rows = []
    for at, row in enumerate(found.rows):
        mean = row.validation
        assert mean is not None
        low, high = mean.interval or (mean.value, mean.value)
        # Few seeds give wide intervals; there is nothing beyond these ends.
        low, high = max(low, 0.0), min(high, 1.0) if found.share else high
        rows.append(
            {
                AT: at,
                "variant": found.study.words(row.variant),
                "position": _position(found, row, key),
                "figure": mean.value,
                "low": low,
                "high": high,
                "seeds": row.finished,
                "others": ", ".join(text(one) for name, one in row.variant.settings.items() if name != key),
            }
        )
    return rows


def _position(found: Findings, row: Row, key: str | None) -> Any:
    """Where a variant stands on the axis."""
    if key is None:
        return found.study.words(row.variant)
    number = row.variant.number(key)
    return row.variant.value(key) if number is None else number
