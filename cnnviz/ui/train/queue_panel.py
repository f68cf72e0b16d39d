"""The queue: what waits for a slot, in which order, and whether anything starts."""

import streamlit as st

from cnnviz.runs import queue
from cnnviz.runs.run import Run
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RUN
from cnnviz.ui.widgets.attempt import attempt

_SHOWN = 8
"""Runs that are listed; the others are counted."""


def show() -> None:
    """Draw the queue, if anything waits in it or it is paused."""
    queue.revive()
    waiting, settings = queue.waiting(), queue.settings()
    if not waiting and not settings.paused:
        return
    with st.container(border=True):
        _heading(waiting, settings)
        for place, run in enumerate(waiting[:_SHOWN]):
            _line(run, place)
        if len(waiting) > _SHOWN:
            st.caption(f"and {len(waiting) - _SHOWN:,} more")


def _heading(waiting: list[Run], settings: queue.Settings) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{len(waiting):,} waiting**" + (", paused" if settings.paused else ""), width="stretch"
        )
        if settings.paused:
            if st.button("Go on", icon=":material/play_arrow:", key="queue go on"):
                attempt(queue.unpause)
        elif st.button(
            "Pause",
            icon=":material/pause:",
            key="queue pause",
            help="What trains goes on; nothing new starts.",
        ):
            attempt(queue.pause)
        with st.popover("", icon=":material/tune:", help="Runs at once", type="tertiary"):
            count = st.number_input("Runs at once", 1, 64, settings.count, key="queue slots")
            if count != settings.count:
                attempt(lambda: queue.set_slots(int(count)))
            if waiting and st.button("Cancel all", icon=":material/playlist_remove:", key="queue cancel all"):
                attempt(lambda: queue.cancel(waiting))


def _line(run: Run, place: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        title = f"{place + 1}. {run.title}, seed {run.config.seed}"
        with st.container():
            if st.button(title, key=f"queue open {run.id}", type="tertiary", wrap=True):
                selection.put(RUN, run.id)
                st.rerun()
        if st.button(
            "", icon=":material/vertical_align_top:", type="tertiary", disabled=not place,
            key=f"queue first {run.id}", help="Make it the next",
        ):  # fmt: skip
            attempt(lambda: queue.move(run.id, 0))
        if st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            key=f"queue cancel {run.id}",
            help="Take it out of the queue",
        ):
            attempt(lambda: queue.cancel([run]))
