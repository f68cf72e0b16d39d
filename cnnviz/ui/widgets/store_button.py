"""A button that writes a run or a study into another tool's store."""

from collections.abc import Callable

import streamlit as st

from cnnviz.formatting import quoted
from cnnviz.progress import Work
from cnnviz.report.takeaway import StoreTakeaway
from cnnviz.ui.widgets import long_work


def show(store: StoreTakeaway, work: Callable[[], Work[str]], *, obstacle: str) -> None:
    """Draw it, and where it is once it is written. The address is not to be typed: others may look at this page."""
    name = f"{store.title} store"
    pressed = st.button(
        store.title, icon=":material/upload:", key=f"write {name}", disabled=bool(obstacle), width="stretch",
        help=obstacle or store.explanation,
    )  # fmt: skip
    if pressed and (where := long_work.run(work(), name=name, start=f"Writing to {store.title}")):
        st.success(quoted(where, most=300), icon=":material/check:")
