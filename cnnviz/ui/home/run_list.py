"""All runs, live ones first."""

import time

import streamlit as st

from cnnviz.formatting import accuracy, per_cent
from cnnviz.runs.run import every
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RUN

_MOST = 12


def show() -> None:
    """A line for each run, with a link to it."""
    runs = every()
    if not runs:
        st.info("No run yet.")
    states = {run.id: run.status() for run in runs}
    runs.sort(key=lambda run: not states[run.id].active)
    for run in runs[:_MOST]:
        status, metrics = states[run.id], run.metrics()
        words: str = "imported" if run.imported else status.state
        if status.state == "running":
            words = f"running, {per_cent(status.share, digits=0)}"
        if metrics.finished:
            words = f"test {accuracy(metrics.finished['test_accuracy'], metrics.finished['test_count'])}"
        elif metrics.epochs:
            words += f", validation {per_cent(metrics.epochs[-1].validation_accuracy)}"
        when = (
            "came with cnnviz"
            if run.shipped
            else time.strftime("%d %b %H:%M", time.localtime(run.record.created))
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(
                "pages/train.py",
                label=run.title,
                icon=":material/show_chart:",
                query_params=selection.link({RUN: run.id}),
            )
            st.caption(f"{words} · {when}")
    if len(runs) > _MOST:
        st.caption(f"and {len(runs) - _MOST} more, on the Train page")
    st.page_link("pages/train.py", label="Train a network", icon=":material/add:")
