"""A row of small pictures joined by arcs: scrolled sideways, walked with arrow keys, chosen with a click or Enter."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from cnnviz.render.thumbnails import Thumbnails
from cnnviz.ui.widgets.component import component

_strip = component("cnnviz_strip", __file__)


@dataclass(frozen=True)
class Stop:
    """One of the pictures."""

    key: str | None
    """What choosing it gives; None where it can't be chosen."""
    name: str
    size: str
    words: str
    """All there is to say about it, on hover and for screen readers."""
    sign: str = ""
    """A warning in a word or two."""
    inside: bool = False
    """Part of what was opened."""
    branches: bool = False
    """Drawn with a small arc of its own."""
    jumps: tuple[int, ...] = ()
    """Earlier pictures that an arc leads from."""


def strip(
    stops: Sequence[Stop],
    pictures: Thumbnails,
    *,
    key: str,
    alt: str,
    selected: str,
    choose: Callable[[str], None],
) -> None:
    """Draw a picture for each stop. `choose` is called with the key of one that was chosen, before the page runs."""

    def chosen() -> None:
        if (picked := st.session_state[key].picked) is not None:
            choose(str(picked))

    _strip(
        key=key,
        data={
            "png": base64.b64encode(pictures.png).decode(),
            "boxes": pictures.boxes,
            "stops": [asdict(stop) for stop in stops],
            "selected": selected,
            "alt": alt,
            "stamp": str(hash((pictures.png, selected))),
        },
        on_picked_change=chosen,
    )
