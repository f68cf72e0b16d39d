"""What every page begins with, also one that a link opens first."""

import os
import runpy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from cnnviz import workspace
from cnnviz.errors import CnnvizError
from cnnviz.formatting import quoted
from cnnviz.ui.shell import selection

_BEGUN = "begun"
_ICON = Path(__file__).with_name("icon.png")


def begin() -> None:
    """Set up the app: called by app.py alone, before it runs a page."""
    st.session_state[_BEGUN] = True
    st.set_page_config(page_title="cnnviz", page_icon=str(_ICON), layout="wide")
    _load_torch()


def ensure() -> None:
    """See that app.py frames the page, also when a link to it is the first thing a new server is asked for.

    Until app.py has run once, Streamlit runs the file of the page by itself.
    """
    if not st.session_state.get(_BEGUN):
        runpy.run_path(str(workspace.ROOT / "app.py"))
        st.stop()
    selection.repeat_notes()


@contextmanager
def guarded() -> Iterator[None]:
    """Show an error of ours as one line, in the place of what could not be shown."""
    try:
        yield
    except CnnvizError as error:
        st.error(quoted(str(error), most=600), icon=":material/error:")


@st.cache_resource(show_spinner=False)
def _load_torch() -> threading.Thread:
    """The first picture needs torch, which takes seconds to load; the first paint does not."""

    def load() -> None:
        import torch

        import cnnviz.explore.activations.activation_maps
        import cnnviz.models.checkpoint  # noqa: F401

        # A worker may be using all cores: threads that wait for one make a look ten times slower.
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))

    thread = threading.Thread(target=load, daemon=True, name="load torch")
    thread.start()
    return thread
