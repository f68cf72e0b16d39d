"""What each setting of a study explains of the differences between its runs."""

from typing import Any

import altair as alt
import pandas as pd

from cnnviz.charts.share_format import share_format
from cnnviz.charts.studies.drawn import Drawn, Look
from cnnviz.charts.studies.findings import Findings
from cnnviz.render.colour import BLUE, GREY
from cnnviz.studies.importance import Importance, importance


def fits(found: Findings) -> bool:
    """Whether settings were varied each by itself."""
    return found.study.vary.kind != "list" and bool(found.rows)


def draw(found: Findings, look: Look) -> Drawn:
    """A bar a setting; without a chart as long as it can't be told."""
    told = importance(found.every, found.study)
    what = "Share of the variance by setting"
    if isinstance(told, str):
        return Drawn(None, what, told)
    said = [f"{found.titles[one.key]}: {one.words}" for one in told.shares]
    words = ". ".join([*said, *told.remarks]).replace("..", ".")
    rows = [(one.key, one.share, one.chance) for one in told.shares]
    rows += [(name, share, None) for name, share in told.rest.items()]
    return Drawn(
        _chart(told, found), what, words, ("setting", "share of the variance", "chance"), tuple(rows)
    )


def _chart(told: Importance, found: Findings) -> Any:
    """A bar a setting, grey where chance gives as much; below them what no setting explains by itself."""
    rows = [
        {
            "what": found.titles[one.key],
            "share": one.share,
            "kind": "within noise" if one.certain is False else "setting",
            "said": one.words,
        }
        for one in told.shares
    ]
    rows += [
        {"what": name, "share": one, "kind": "rest", "said": f"{100 * one:.0f} %"}
        for name, one in told.rest.items()
    ]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        y=alt.Y("what:N", sort=None, title=None, axis=alt.Axis(labelLimit=130, labelFlush=False)),
        x=alt.X(
            "share:Q",
            title="Share of the variance between runs",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format=share_format(), values=[0, 0.25, 0.5, 0.75, 1]),
        ),
        tooltip=[alt.Tooltip("what:N", title="from"), alt.Tooltip("said:N", title="share")],
    )
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=["setting", "within noise", "rest"], range=[BLUE, GREY, GREY]),
        legend=None,
    )
    return base.mark_bar(height=18).encode(color=colour).properties(height=alt.Step(32))
