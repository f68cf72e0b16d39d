"""Home: something to look at, and what this bench holds."""

import streamlit as st

from cnnviz.ui.home import device, run_list, showcase
from cnnviz.ui.shell import frame
from cnnviz.ui.widgets import data_sets

frame.ensure()
with frame.guarded():
    st.title("cnnviz", anchor=False)
    st.caption("Train an image classifier, watch it learn, and see what every layer sees.")
    draw_showcase = showcase.show()
    runs, rest = st.columns([3, 2], gap="large")
    with runs:
        st.header("Runs", anchor=False)
        run_list.show()
    with rest:
        st.header("Data", anchor=False)
        data_sets.show()
        st.header("Machine", anchor=False)
        draw_device = device.show()
    # What needs torch comes last: the page is there before it.
    draw_showcase()
    draw_device()
