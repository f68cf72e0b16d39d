"""Cells by two settings, each with its colour and its number."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from cnnviz.render.colour import BLACK, WHITE


def heat_map(
    rows: Sequence[Mapping[str, Any]],
    *,
    across: str,
    down: str,
    split: str | None,
    value: str,
    style: str,
    clicked: Any = None,
    told: Sequence[str] | None = None,
    cell: tuple[int, int] = (84, 48),
    numbers: bool = True,
) -> Any:
    """A cell for each combination of two settings, a map for each value of a third (`split`) where there is one.

    `clicked` is the selection of a cell by a click. `told` are the columns that it tells when it is pointed at, all
    where none are named. A `cell` is so many pixels wide and high, with its number
    if it has `numbers`.
    """
    frame = pd.DataFrame(rows)
    base = alt.Chart(frame).encode(
        x=alt.X(f"{across}:N", sort=None, title=across, axis=alt.Axis(labelAngle=0, labelFlush=False)),
        y=alt.Y(f"{down}:N", sort=None, title=down, axis=alt.Axis(labelFlush=False)),
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            f"{value}:Q",
            scale=alt.Scale(scheme="viridis", zero=False),
            legend=None,  # each cell has its number
        ),
        tooltip=[*(told or frame.columns)],
    )
    middle = (frame[value].min() + frame[value].max()) / 2
    text = base.mark_text(fontSize=13).encode(
        text=alt.Text(f"{value}:Q", format=style),
        color=alt.condition(alt.datum[value] > middle, alt.value(BLACK), alt.value(WHITE)),
    )
    if clicked is not None:
        cells = cells.add_params(clicked)
    shown = cells + text if numbers else cells
    chart = shown.properties(width=alt.Step(cell[0]), height=alt.Step(cell[1]))
    titled = alt.Title(value, anchor="start", fontSize=13)
    if split is None:
        return chart.properties(title=titled)
    return chart.facet(column=alt.Column(f"{split}:N", sort=None, title=split)).properties(title=titled)
