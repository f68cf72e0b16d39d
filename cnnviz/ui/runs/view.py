"""The page from top to bottom: what is listed, what can be done with the selected runs, how they compare."""

from collections.abc import Sequence

import streamlit as st

from cnnviz.formatting import quoted
from cnnviz.runs.summary import Summary, summaries
from cnnviz.ui.runs import actions, comparison, table
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RUNS

_PACE = 3.0
"""Seconds between two looks at whether a run that is under way has got another state."""


def show() -> None:
    """Draw the page."""
    runs = summaries()
    if not runs:
        st.info("No run yet. Press Start on New run: it is listed here from then on.")
        st.page_link("pages/train.py", label="Train a network", icon=":material/add:")
        return
    whole = {run.id: run for run in runs if not run.damaged}
    selected = [whole[name] for name in _selected(whole)]
    table.show(list(whole.values()), selected)
    _damaged([run for run in runs if run.damaged])
    if any(run.active for run in whole.values()):
        st.fragment(_watch, run_every=_PACE)(_states(runs))
    if selected:
        actions.show(selected, sorted({tag for run in runs for tag in run.tags}))
        comparison.show(selected)
    elif whole:
        st.caption("Select runs by the boxes at their left: settings that differ, curves and cost come here.")


def _selected(whole: dict[str, Summary]) -> list[str]:
    """Names of the selected runs that are there; what a link asks for beyond them is said."""
    named = selection.peek(RUNS) or ()
    there = [name for name in named if name in whole]
    if selection.news(RUNS) and len(there) < len(named):
        missing = [name for name in named if name not in whole]
        selection.warn(RUNS, missing, "it is left out" if there else "none is selected")
    if there:
        selection.put(RUNS, tuple(there))
    elif named:
        selection.drop(RUNS)
    return there


def _damaged(runs: Sequence[Summary]) -> None:
    if not runs:
        return
    title = "One folder can't be read" if len(runs) == 1 else f"{len(runs):,} folders can't be read"
    with st.expander(title, icon=":material/warning:", expanded=len(runs) <= 3):
        for run in runs:
            st.markdown(f"**{quoted(run.id)}** · {quoted(run.damaged, most=400)}")


def _states(runs: Sequence[Summary]) -> list[tuple[str, str, int]]:
    return [(run.id, run.state, run.epoch) for run in runs]


def _watch(before: list[tuple[str, str, int]]) -> None:
    """Draw the page anew when a run has got on by an epoch, or has ended."""
    if _states(summaries()) != before:
        st.rerun()
