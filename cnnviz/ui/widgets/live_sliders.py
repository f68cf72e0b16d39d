"""Sliders that are followed while they move: the next value is sent once the answer to the last one is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import streamlit as st

from cnnviz.ui.widgets.component import component

_ranges = component("cnnviz_ranges", __file__)


@dataclass(frozen=True)
class Range:
    """A slider."""

    name: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    neutral: float
    """A double click puts it there."""
    words: str
    """On hover."""


def ranges(
    these: Mapping[str, Range],
    values: Mapping[str, float],
    *,
    key: str,
    title: str,
    move: Callable[[dict[str, float], bool], None],
) -> None:
    """Draw a slider for each of `these`, set to `values`.

    `move` is called before the page or its fragment runs, with all values, and with whether they have come to rest.
    Call this last: once it is drawn, the next movement is sent.
    """
    answered = f"{key} answered"

    def moved() -> None:
        if (message := st.session_state[key].moved) is None:
            return
        st.session_state[answered] = int(message["serial"])
        if message["edition"] != st.session_state.get(_edition(key), 0):
            return
        found = {
            name: min(max(float(message["values"][name]), one.low), one.high) for name, one in these.items()
        }
        move(found, bool(message["rested"]))

    _ranges(
        key=key,
        data={
            "ranges": [asdict(one) for one in these.values()],
            "values": [values[name] for name in these],
            "serial": st.session_state.get(answered, 0),
            "edition": st.session_state.get(_edition(key), 0),
            "title": title,
        },
        on_moved_change=moved,
    )


def put(key: str) -> None:
    """Have the sliders take the values that they are given next, and what they had to say until now forgotten."""
    st.session_state[_edition(key)] = st.session_state.get(_edition(key), 0) + 1


def _edition(key: str) -> str:
    return f"{key} edition"
