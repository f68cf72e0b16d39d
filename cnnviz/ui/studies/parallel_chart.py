"""All settings side by side: a line a variant, coloured by what it came to."""

from math import log
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from cnnviz.render.colour import BLACK, WHITE
from cnnviz.studies.results import Row
from cnnviz.ui.studies import chart_selection
from cnnviz.ui.studies.findings import Findings

_TICKS = 6
"""Values of a setting of numbers, up to which each has a tick."""
_WIDE = 30
"""A range of so many times its lowest value is drawn in powers."""
_APART = 0.05
"""Of the height: how far lines through one value are drawn apart, the better above."""
_HEIGHT, _LONGEST = 340, 14


def fits(found: Findings) -> bool:
    """Whether there are two settings, and two variants, at least."""
    return len(found.titles) > 1 and len(found.rows) > 1


def show(found: Findings) -> Row | None:
    """Draw it; the variant whose line is clicked."""
    dark = st.context.theme.type == "dark"
    return chart_selection.row(chart_selection.draw(parallel(found, dark=dark), "parallel", found), found)


def parallel(found: Findings, *, dark: bool = False) -> Any:
    """A vertical axis for each setting, and the last one for the figure; lines run from axis to axis."""
    axes = {found.titles[key]: _places(found, key) for key in found.titles}
    axes[found.value] = _figures(found)
    order = sorted(range(len(found.rows)), key=lambda at: _figure(found.rows[at]))
    spread = {at: _APART * (rank / (len(order) - 1) - 0.5) for rank, at in enumerate(order)}
    lines = [
        {
            chart_selection.AT: at,
            "variant": found.study.words(row.variant),
            "axis": name,
            "place": places[at] + (spread[at] if name != found.value else 0),
            "figure": _figure(row),
        }
        for at, row in enumerate(found.rows)
        for name, (places, _) in axes.items()
    ]
    ticks = [
        {"axis": name, "place": place, "text": words}
        for name, (_, there) in axes.items()
        for place, words in there
    ]
    names = list(axes)
    x = alt.X(
        "axis:N",
        sort=names,
        title=None,
        scale=alt.Scale(type="point", padding=0.45),
        axis=alt.Axis(
            orient="top",
            labelAngle=0,
            labelExpr="split(datum.label, ' ')",  # a word a line, for narrow windows
            labelFontWeight="bold",
            domain=False,
            ticks=False,
            labelPadding=10,
            grid=True,
        ),
    )
    y = alt.Y("place:Q", title=None, axis=None, scale=alt.Scale(domain=[-0.06, 1.06]))
    base = alt.Chart(pd.DataFrame(lines)).encode(x=x, y=y, detail=f"{chart_selection.AT}:N")
    colour = alt.Color(
        "figure:Q",
        scale=alt.Scale(
            # Without the end that the page swallows.
            scheme=alt.SchemeParams(name="viridis", extent=[0.25, 1] if dark else [0, 0.9]),
            reverse=not found.share,
        ),
        legend=None,  # the last axis says it
    )
    tooltip = [
        alt.Tooltip("variant:N"),
        alt.Tooltip("figure:Q", title=found.value.lower(), format=found.style),
    ]
    drawn = base.mark_line(strokeWidth=2).encode(color=colour)
    # What is clicked is wider than what is seen.
    touched = (
        base.mark_line(strokeWidth=14, opacity=0.001, cursor="pointer")
        .encode(tooltip=tooltip)
        .add_params(chart_selection.by_variant())
    )
    texts = alt.Chart(pd.DataFrame(ticks)).encode(x=x, y=y, text="text:N")
    # Lines pass below the words: a rim in the colour of the page keeps them apart.
    page, ink = (BLACK, WHITE) if dark else (WHITE, BLACK)
    rim = texts.mark_text(align="right", dx=-8, fontSize=12, stroke=page, strokeWidth=4, strokeJoin="round")
    words = texts.mark_text(align="right", dx=-8, fontSize=12, color=ink)
    return alt.layer(drawn, rim, words, touched).properties(height=_HEIGHT)


Places = tuple[list[float], list[tuple[float, str]]]
"""Where each variant stands on an axis, 0 to 1, and the axis's ticks."""


def _places(found: Findings, key: str) -> Places:
    numbers = [row.variant.number(key) for row in found.rows]
    there = sorted({one for one in numbers if one is not None})
    if None in numbers or len(there) < 2:
        names = list(dict.fromkeys(row.variant.value(key) for row in found.rows))
        at = {name: (place + 0.5) / len(names) for place, name in enumerate(names)}
        return [at[row.variant.value(key)] for row in found.rows], [
            (at[name], _short(name)) for name in names
        ]
    wide = there[0] > 0 and there[-1] / there[0] >= _WIDE

    def place(one: float) -> float:
        low, high = there[0], there[-1]
        return log(one / low) / log(high / low) if wide else (one - low) / (high - low)

    ticks = there if len(there) <= _TICKS else [there[0], there[-1]]
    return [place(one) for one in numbers if one is not None], [(place(one), f"{one:.4g}") for one in ticks]


def _figures(found: Findings) -> Places:
    """Of the last axis: the better is above."""
    figures = [_figure(row) for row in found.rows]
    worst, best = (min(figures), max(figures)) if found.share else (max(figures), min(figures))
    span = best - worst
    places = [(one - worst) / span if span else 0.5 for one in figures]
    words = [f"{100 * one:.1f} %" if found.share else f"{one:.3f}" for one in (worst, best)]
    return places, [(0.0, words[0]), (1.0, words[1])] if span else [(0.5, words[0])]


def _figure(row: Row) -> float:
    assert row.validation is not None
    return row.validation.value


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
