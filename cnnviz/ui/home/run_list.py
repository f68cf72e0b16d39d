"""The newest runs, live ones first: the short form of the page Runs."""

import time

import streamlit as st

from cnnviz.formatting import accuracy, per_cent
from cnnviz.runs.summary import Summary, summaries
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RUN

_MOST = 12


def show() -> None:
    """A line for each run, with a link to it."""
    runs = [run for run in summaries() if not run.damaged and not run.archived]
    if not runs:
        st.info("No run yet.")
    runs.sort(key=lambda run: not run.active)
    for run in runs[:_MOST]:
        when = (
            "came with cnnviz" if run.shipped else time.strftime("%d %b %H:%M", time.localtime(run.created))
        )
        with st.container(
            horizontal=True, vertical_alignment="center", gap="xxsmall"
        ):  # what wraps stays near
            st.page_link(
                "pages/train.py",
                label=run.title,
                icon=":material/show_chart:",
                query_params=selection.link({RUN: run.id}),
            )
            st.caption(f"{_state(run)} · {when}")
    with st.container(horizontal=True):
        st.page_link("pages/train.py", label="Train a network", icon=":material/add:", width="content")
        if runs:
            more = f"All {len(runs):,} runs" if len(runs) > _MOST else "Compare runs"
            st.page_link("pages/runs.py", label=more, icon=":material/table_rows:", width="content")


def _state(run: Summary) -> str:
    if run.test_accuracy is not None:
        return f"test {accuracy(run.test_accuracy, run.test_count)}"
    words: str = "imported" if run.imported else run.state
    if run.state == "running":
        words = f"running, {per_cent(run.share, digits=0)}"
    if run.validation_accuracy is not None:
        words += f", validation {per_cent(run.validation_accuracy)}"
    return words
