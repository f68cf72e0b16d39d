"""Charts of a study on the page, and what is clicked on them."""

from collections.abc import Mapping
from typing import Any, Literal

import altair as alt
import streamlit as st

from cnnviz.studies.results import Row
from cnnviz.ui.studies.findings import Findings

NAME = "cell"
"""Of the selection in a chart."""
AT = "at"
"""The column that says which variant a mark is of: its place among those that have a figure."""


def by_variant() -> Any:
    """A selection of a variant by its marks."""
    return alt.selection_point(name=NAME, fields=[AT], toggle=False)


def draw(
    chart: Any, kind: str, found: Findings, *, width: Literal["stretch", "content"] = "stretch"
) -> Mapping[str, Any] | None:
    """Draw a chart with a selection; the fields of the mark that was clicked last."""
    event: Any = st.altair_chart(
        chart, width=width, key=f"study chart {kind} {found.study.title}", on_select="rerun"
    )
    picked = event["selection"].get(NAME) if event else None
    return picked[0] if picked else None


def row(wanted: Mapping[str, Any] | None, found: Findings) -> Row | None:
    """The variant of a mark of a chart whose selection is `by_variant`."""
    at = wanted.get(AT) if wanted else None
    return found.rows[int(at)] if at is not None and 0 <= int(at) < len(found.rows) else None
