"""What a button does, with a line where it can't be done."""

import time
from collections.abc import Callable

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.formatting import quoted

_SEEN = 0.1
"""Seconds in which a line reaches the browser, before the page is drawn anew."""


def attempt(action: Callable[[], object]) -> None:
    """Do it, and draw the page anew; where it fails, a line says why."""
    try:
        action()
    except CnnvizError as error:
        st.toast(quoted(str(error), most=300), icon=":material/error:", duration="long")
        time.sleep(_SEEN)
    st.rerun()
