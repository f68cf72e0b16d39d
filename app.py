"""cnnviz: the list of pages. Start it with `make app`."""

import streamlit as st

from cnnviz.ui.shell import frame

frame.begin()
st.navigation(
    [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/experiments.py", title="Experiments", icon=":material/experiment:"),
        st.Page("pages/data.py", title="Data", icon=":material/photo_library:"),
        st.Page("pages/activations.py", title="Activations", icon=":material/blur_on:"),
        st.Page("pages/filters.py", title="Filters", icon=":material/grid_view:"),
        st.Page("pages/compare.py", title="Compare", icon=":material/compare:"),
        st.Page("pages/statistics.py", title="Early vs late", icon=":material/stacked_line_chart:"),
        st.Page("pages/attribution.py", title="Attribution", icon=":material/troubleshoot:"),
        st.Page("pages/diagnosis.py", title="Mistakes", icon=":material/rule:"),
        st.Page("pages/robustness.py", title="Shake it", icon=":material/vibration:"),
        st.Page("pages/doctor.py", title="Doctor", icon=":material/stethoscope:"),
    ],
    position="top",
).run()
