"""Runs: all of them in a table, and the selected ones beside each other."""

import streamlit as st

from cnnviz.ui.runs import view
from cnnviz.ui.shell import frame

frame.ensure()
with frame.guarded():
    st.title("Runs", anchor=False)
    view.show()
