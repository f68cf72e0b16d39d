"""What every page begins with, also one that a link opens first."""

import runpy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz import workspace
from cnnviz.errors import CnnvizError
from cnnviz.formatting import quoted
from cnnviz.ui.shell import preload, selection

_BEGUN = "begun"
_ICON = Path(__file__).with_name("icon.png")


def begin() -> None:
    """Set up the app: called by app.py alone, before it runs a page."""
    st.session_state[_BEGUN] = True
    st.set_page_config(page_title="cnnviz", page_icon=str(_ICON), layout="wide")
    preload.start()


def ensure() -> None:
    """See that app.py frames the page, also when a link to it is the first thing a new server is asked for.

    Until app.py has run once, Streamlit runs the file of the page by itself.
    """
    if not st.session_state.get(_BEGUN):
        runpy.run_path(str(workspace.ROOT / "app.py"))
        st.stop()
    selection.repeat_notes()


@contextmanager
def guarded(place: DeltaGenerator | None = None) -> Iterator[None]:
    """Show an error of ours as one line, in the place of what could not be shown."""
    try:
        yield
    except CnnvizError as error:
        (place or st).error(quoted(str(error), most=600), icon=":material/error:")
