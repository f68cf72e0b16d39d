"""The chart of a study that is chosen, and what is clicked on it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnnviz.charts.studies.drawn import AT, CLICKED, Drawn, Look
from cnnviz.charts.studies.findings import Findings
from cnnviz.charts.studies.kinds import CHARTS, StudyChart, fitting
from cnnviz.formatting import quoted
from cnnviz.studies.results import Row
from cnnviz.ui.shell import selection
from cnnviz.ui.studies.parameters import CHART, FACTOR
from cnnviz.ui.widgets import pin

if TYPE_CHECKING:
    from cnnviz.report.figures.figure import Figure


def show(found: Findings, study: str) -> Row | None:
    """Draw the chart that is chosen, of the study of that id; the variant that is chosen by a click in it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = _chart(found)
        kind = CHARTS[name]
        setting = _setting(kind, found)
    drawn = kind.draw(found, Look(setting, dark=st.context.theme.type == "dark"))
    clicked = _draw(drawn, kind, found, key=f"study chart {name} {setting} {study}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(quoted(drawn.words, most=2000), width="content")
        pin.pin(lambda: _figure(study, name, setting), key="study chart")
    return row(clicked, found)


def row(clicked: Mapping[str, Any] | None, found: Findings) -> Row | None:
    """The variant of a mark."""
    at = clicked.get(AT) if clicked else None
    return found.rows[int(at)] if at is not None and 0 <= int(at) < len(found.rows) else None


def _chart(found: Findings) -> str:
    names = fitting(found)
    if len(names) == 1:
        return names[0]
    return selection.segmented(
        CHART, names, default=names[0], words=lambda one: CHARTS[one].title, explicit=False
    )


def _setting(kind: StudyChart, found: Findings) -> str:
    """Against which setting it is drawn; empty where it is of all."""
    keys = kind.settings(found)
    if len(keys) < 2:
        return "".join(keys)
    with st.container(width=260):
        return selection.selectbox(
            FACTOR, keys, default=keys[0], words=lambda one: found.titles[one], explicit=False
        )


def _draw(drawn: Drawn, kind: StudyChart, found: Findings, *, key: str) -> Mapping[str, Any] | None:
    """Draw it; the fields of the mark that was clicked last."""
    if drawn.chart is None:
        return None
    if not kind.clicked:
        st.altair_chart(drawn.chart, alt=drawn.title, key=key)
        return None
    event: Any = st.altair_chart(drawn.chart, width=kind.width, alt=drawn.title, key=key, on_select="rerun")
    picked = event["selection"].get(CLICKED) if event else None
    return picked[0] if picked else None


def _figure(study: str, chart: str, setting: str) -> "Figure":
    from cnnviz.report.figures.study_chart import StudyCharted

    return StudyCharted(study=study, chart=chart, setting=setting)
