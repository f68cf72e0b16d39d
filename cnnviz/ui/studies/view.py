"""One study: how far it is, what differs, and its runs."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from cnnviz import workspace
from cnnviz.errors import CnnvizError
from cnnviz.formatting import decimal, duration, per_cent, quoted
from cnnviz.studies import folder, plan, progress
from cnnviz.studies.progress import Progress, Trial
from cnnviz.studies.results import Mean, Row, best, rows
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RECIPE, RUN
from cnnviz.ui.studies import charts
from cnnviz.ui.studies.parameters import STUDY

_PACE = 2.0


def show(name: str) -> None:
    """Draw the study; while its runs are under way, anew every few seconds."""
    now = progress.advance(name)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("All", icon=":material/arrow_back:", key="all studies"):
            selection.drop(STUDY)
            st.rerun()
        _buttons(now)
    st.title(quoted(now.study.title), anchor=False)
    if now.study.recipe:
        st.page_link(
            "pages/experiments.py",
            label=f"Experiment {quoted(now.study.recipe)}",
            icon=":material/science:",
            query_params=selection.link({RECIPE: now.study.recipe}),
        )
    st.fragment(_live, run_every=_PACE if now.active else None)(name, now.active)


def _live(name: str, was_active: bool) -> None:
    now = progress.advance(name)
    if was_active and not now.active:
        st.rerun()
    found = rows(now)
    st.progress(now.share, text=_how_far(now))
    first = best(found, now)
    if first is not None:
        chosen = charts.show(found, now.study) or first
        st.markdown(
            f"Best on validation images: **{quoted(first.variant.name)}**",
            help="The test is reported beside it, never chosen by.",
        )
        _table(found, now)
        _runs(found, chosen)
    else:
        _table(found, now)
        if found:
            _runs(found, found[0])


def _buttons(now: Progress) -> None:
    if now.active:
        if st.button("Stop", icon=":material/stop:", key="stop study"):
            with st.spinner("Stopping …"):
                _attempt(lambda: progress.stop(now.id))
    elif now.state != "finished":
        words = "Start" if now.state == "new" else "Go on"
        if st.button(words, type="primary", icon=":material/play_arrow:", key="start study"):
            _attempt(lambda: _start(now))
    with st.popover("Delete", icon=":material/delete:", type="tertiary"):
        st.markdown("The study goes; its runs stay.")
        if st.button("Delete the study", key="delete study"):
            _attempt(lambda: _delete(now))


def _how_far(now: Progress) -> str:
    training = [one for one in now.under_way if one.status and one.status.state == "running"]
    waiting = len(now.under_way) - len(training)
    parts = [f"{now.state}: {now.finished:,} of {len(now.trials):,} runs finished"]
    if now.under_way:
        parts.append(f"{len(training)} training, {waiting} waiting")
    return ", ".join(parts)


def _table(found: Sequence[Row], now: Progress) -> None:
    share = now.study.objective == "validation_accuracy"
    frame = pd.DataFrame(
        [
            {
                "Variant": row.variant.name,
                "Seeds": f"{row.finished} of {len(row.trials)}",
                "Validation": _figure(row.validation, share=share),
                "Test": _figure(row.test),
                "Training": "–" if row.seconds is None else duration(row.seconds.value),
                "State": _states(row.trials),
            }
            for row in found
        ]
    )
    st.dataframe(frame, hide_index=True, key="study table")
    st.caption("Means ± standard error over seeds; validation is that of each run's best epoch.")


def _runs(found: Sequence[Row], chosen: Row) -> None:
    """A link to each run of a variant."""
    at = list(found).index(chosen)
    number = st.selectbox(
        "Runs of",
        range(len(found)),
        index=at,
        format_func=lambda one: found[one].variant.name,
        key=f"study variant {at}",
    )
    row = found[number]
    with st.container(gap=None):
        for one in row.trials:
            seed = f"seed {one.task.config.seed}"
            if one.run is None or one.status is None:
                st.caption(f"{seed}: not begun")
                continue
            outcome = one.outcome
            said = f"test {per_cent(outcome.figures['test_accuracy'])}" if outcome else one.status.state
            if one.run.folder.parent != workspace.checkpoints_root():
                st.caption(f"{seed}: {said}; its figures came with cnnviz, its weights did not")
                continue
            st.page_link(
                "pages/train.py",
                label=f"{seed}: {said}",
                icon=":material/show_chart:",
                query_params=selection.link({RUN: one.run.id}),
            )
            if one.status.state in ("failed", "interrupted"):
                st.caption(quoted(one.status.reason, most=300))


def _states(trials: Sequence[Trial]) -> str:
    """running 40 %, queued."""
    parts = []
    for one in trials:
        if one.status is None:
            parts.append("missing")
        elif one.status.state == "running":
            parts.append(f"running {per_cent(one.status.share, digits=0)}")
        elif one.status.state != "finished":
            parts.append(one.status.state)
    return ", ".join(parts) or "finished"


def _figure(mean: Mean | None, *, share: bool = True) -> str:
    if mean is None:
        return "–"
    if share:
        return per_cent(mean.value, mean.standard_error)
    return decimal(mean.value, ".4f")


def _start(now: Progress) -> None:
    plan.check(now.study)
    progress.start(now.id)


def _delete(now: Progress) -> None:
    folder.delete(now.id)
    selection.drop(STUDY)


def _attempt(action: Callable[[], object]) -> None:
    try:
        action()
    except CnnvizError as error:
        st.toast(quoted(str(error), most=300), icon=":material/error:", duration="long")
    st.rerun()
