"""Charts of an experiment: grids, reported against measured."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from cnnviz.charts.share_format import share_format
from cnnviz.render.colour import BLUE, GREEN, GREY, VERMILION

_STATES = {
    "reproduced": GREEN,
    "undecided": BLUE,
    "differs": VERMILION,
    "not comparable": GREY,
}


def agreement(rows: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """Measured against reported accuracies, a dot a variant; on the line both are equal.

    Each row has recipe, variant, reported, measured (shares) and state.
    """
    frame = pd.DataFrame(rows, columns=["recipe", "variant", "reported", "measured", "state", "words"])
    values = [value for row in rows for value in (row["reported"], row["measured"])]
    low, high = (max(0.0, min(values) - 0.03), min(1.0, max(values) + 0.03)) if values else (0.0, 1.0)
    scale = alt.Scale(domain=[low, high], nice=False)
    there = [name for name in _STATES if name in set(frame["state"])]
    legend = alt.Legend(orient="top", title=None, columns=2)  # a phone has no room for more
    dots = (
        alt.Chart(frame)
        .mark_point(size=90, filled=True, opacity=0.85)
        .encode(
            x=alt.X(
                "reported:Q", scale=scale, title="Reported accuracy", axis=alt.Axis(format=share_format())
            ),
            y=alt.Y("measured:Q", scale=scale, title="Measured here", axis=alt.Axis(format=share_format())),
            color=alt.Color(
                "state:N",
                scale=alt.Scale(domain=there, range=[_STATES[name] for name in there]),
                legend=legend,
            ),
            shape=alt.Shape("state:N", scale=alt.Scale(domain=there), legend=legend),
            tooltip=[
                "recipe:N",
                "variant:N",
                alt.Tooltip("reported:Q", format=share_format(1)),
                alt.Tooltip("measured:Q", format=share_format(1)),
                alt.Tooltip("words:N", title="verdict"),
            ],
        )
    )
    line = (
        alt.Chart(pd.DataFrame({"reported": [low, high], "measured": [low, high]}))
        .mark_line(strokeDash=[4, 4], color=GREY, strokeWidth=1)
        .encode(x=alt.X("reported:Q", scale=scale), y=alt.Y("measured:Q", scale=scale))
    )
    both: alt.LayerChart = (line + dots).properties(height=380)
    return both
