"""One study: how far it is, what differs, and its runs."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from cnnviz.charts.studies.findings import Findings
from cnnviz.formatting import quoted
from cnnviz.studies import folder, plan, progress
from cnnviz.studies.progress import Progress
from cnnviz.studies.results import Row, best, listed
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RECIPE, STUDY
from cnnviz.ui.studies import charts, variants
from cnnviz.ui.studies.parameters import CHART, FACTOR
from cnnviz.ui.widgets import pin, store_button
from cnnviz.ui.widgets.attempt import attempt

if TYPE_CHECKING:
    from cnnviz.progress import Work
    from cnnviz.report.document import Document

_PACE = 2.0


def show(name: str) -> None:
    """Draw the study; while its runs are under way, anew every few seconds."""
    now = progress.advance(name)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("All", icon=":material/arrow_back:", key="all studies"):
            selection.drop(STUDY, CHART, FACTOR)
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
    if now.state == "finished":
        pruned = f", {now.pruned:,} of them pruned" if now.pruned else ""
        st.caption(f"All {len(now.trials):,} runs have finished{pruned}.")
    else:
        st.progress(now.share, text=_how_far(now))
    found = listed(now)
    chosen = results(found, now)
    if found:
        variants.runs(found, chosen or found[0], now)


def results(found: Sequence[Row], now: Progress) -> Row | None:
    """Draw what differs, as a chart and in figures; gives the variant that is chosen in it, at first the best one."""
    first = best(found, now)
    chosen = None
    if first is not None:
        chosen = charts.show(Findings(now.study, found), now.id) or first
        st.markdown(
            f"Best on validation images: **{quoted(now.study.words(first.variant), most=200)}**",
            help="The test is reported beside it, never chosen by.",
        )
    variants.table(found, now)
    return chosen


def _buttons(now: Progress) -> None:
    if now.active:
        if st.button("Stop", icon=":material/stop:", key="stop study"):
            with st.spinner("Stopping …"):
                attempt(lambda: progress.stop(now.id))
    elif now.state != "finished":
        label = "Start" if now.state == "new" else "Go on"
        if st.button(label, type="primary", icon=":material/play_arrow:", key="start study"):
            attempt(lambda: _start(now))
    if now.finished:
        pin.outline(
            "Report",
            lambda: _outline(now),
            key="report study",
            help="What was found, and a look into the best variant.",
        )
        _take_away(now)
    with st.popover("Delete", icon=":material/delete:", type="tertiary"):
        st.markdown("The study goes; its runs stay.")
        if st.button("Delete the study", key="delete study"):
            attempt(lambda: _delete(now))


def _take_away(now: Progress) -> None:
    from cnnviz.report.takeaway import STORES, STUDY_FILES, storing_study, study_content

    with st.popover("Take away", icon=":material/download:", type="tertiary"):
        for name, takeaway in STUDY_FILES.items():
            st.download_button(
                takeaway.title, partial(study_content, takeaway, now), f"{now.id}.{name}", takeaway.mime,
                icon=":material/download:", key=f"take away {name}", on_click="ignore",
                help=takeaway.explanation, width="stretch",
            )  # fmt: skip
        for store in STORES.values():
            work = partial(storing_study, store, now, store.address())
            store_button.show(store, work, obstacle=store.missing())


def _how_far(now: Progress) -> str:
    training = [one for one in now.under_way if one.status and one.status.state == "running"]
    waiting = len(now.under_way) - len(training)
    parts = [f"{now.state.capitalize()}: {now.finished:,} of {len(now.trials):,} runs finished"]
    if now.pruned:
        parts.append(f"{now.pruned:,} of them pruned")
    if now.under_way:
        parts.append(f"{len(training)} training, {waiting} waiting")
    return ", ".join(parts)


def _outline(now: Progress) -> "Work[Document]":
    from cnnviz.report import outline

    return outline.of_study(now.id)


def _start(now: Progress) -> None:
    plan.check(now.study)
    progress.start(now.id)


def _delete(now: Progress) -> None:
    folder.delete(now.id)
    selection.drop(STUDY, CHART, FACTOR)
