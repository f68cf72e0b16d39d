"""Work that takes longer than a second: how far it is, about how long it takes yet, and Stop."""

import time
from collections.abc import Callable
from threading import Event
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.errors import CnnvizError
from cnnviz.formatting import duration
from cnnviz.progress import Progress, Result, Work, finish
from cnnviz.runs.status import Status

_ENDED = "work ended"
_PATIENCE = 10.0
"""Seconds to wait for work that was stopped."""
_SOON = 1.0
"""Seconds after which it is said how long it takes yet."""


class Bar:
    """How far work is, drawn where it was made."""

    def __init__(self, text: str, *, began: float | None = None) -> None:
        self._began = time.monotonic() if began is None else began
        self._drawn = st.progress(0.0, text=text)

    def show(self, progress: Progress) -> None:
        """Draw it anew. A click on anything ends the script here."""
        spent, share = time.monotonic() - self._began, progress.share
        left = spent * (1 - share) / share if share > 0 and spent > _SOON else None
        self._drawn.progress(min(max(share, 0.0), 1.0), text=_words(progress.doing, left))


def run(
    work: Work[Result],
    *,
    name: str,
    start: str = "Getting ready",
    on_stop: Callable[..., None] | None = None,
    args: tuple[Any, ...] = (),
    below: DeltaGenerator | None = None,
) -> Result | None:
    """What `work` comes to; None, with a line that says why, where it fails.

    A click on anything, Stop too, ends it at its next step and starts the page anew. Stop is called by `name`; the bar
    is drawn here, or `below`.
    """
    place = st.empty() if below is None else below.empty()
    ended = st.session_state[_ENDED] = Event()
    try:
        with place.container():
            bar = Bar(start)
            stop_button(name, on_stop, *args)
            found = finish(work, bar.show)
        place.empty()
        return found
    except CnnvizError as error:
        place.error(str(error), icon=":material/error:")
        return None
    finally:
        ended.set()


def settle() -> None:
    """Wait for work that a click has ended: it may still have a batch to finish, and its results to store."""
    ended: Event | None = st.session_state.pop(_ENDED, None)
    if ended is not None:
        ended.wait(_PATIENCE)


def offer(
    label: str,
    work: Callable[[], Work[object]],
    *,
    key: str,
    name: str,
    icon: str = ":material/straighten:",
    kind: Any = "primary",
    start: str = "Getting ready",
    help: str | None = "Stored in the run's folder.",
    below: DeltaGenerator | None = None,
) -> None:
    """A button that has `work` done, and the page drawn anew with what it comes to."""
    if not st.button(label, icon=icon, type=kind, key=key, help=help):
        return
    if run(work(), name=name, start=start, below=below) is not None:
        st.rerun()


def at_once(
    work: Callable[[], Work[Result]],
    *,
    of: object,
    name: str,
    again: str,
    key: str,
    icon: str = ":material/play_arrow:",
    start: str = "Getting ready",
) -> Result | None:
    """As `run`, without being asked to; but where it was stopped, a button `again` has it done.

    `of` says what the work is: of something else it begins at once.
    """
    stopped = f"stopped {name}"
    if st.session_state.get(stopped) == of and not st.button(again, icon=icon, key=key):
        return None
    st.session_state.pop(stopped, None)
    return run(work(), name=name, start=start, on_stop=_note, args=(stopped, of))


def watch(
    state: Callable[[], Status | None], stop: Callable[[], None], *, name: str, doing: str = ""
) -> None:
    """How work in a process of its own goes, with Stop; the page is drawn anew when it has ended.

    The page may be left meanwhile. `doing` stands before what the process says.
    """
    st.fragment(_watch, run_every=1.0)(state, stop, name, doing)


def stop_button(name: str, on_stop: Callable[..., None] | None = None, *args: Any) -> bool:
    """Stop, whatever is stopped by it."""
    return st.button("Stop", icon=":material/stop:", key=f"stop {name}", on_click=on_stop, args=args)


def _watch(state: Callable[[], Status | None], stop: Callable[[], None], name: str, doing: str) -> None:
    now = state()
    above = st.container()
    if stop_button(name):
        with st.spinner("Stopping …"):
            stop()
        st.rerun()
    if now is None or not now.active:
        st.rerun()
    said = f"{doing}{now.reason}" if now.step else now.reason or "Getting ready"
    above.progress(now.share, text=_words(said, now.seconds_left))


def _words(doing: str, left: float | None) -> str:
    return doing.rstrip(".") + (f". About {duration(left)} left" if left else "")


def _note(key: str, of: object) -> None:
    st.session_state[key] = of
