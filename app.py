"""cnnviz: the list of pages, in groups. Start it with `make app`."""

import streamlit as st

from cnnviz.ui.shell import frame, navigation

frame.begin()
navigation.run(
    {
        "": [st.Page("pages/home.py", title="Home", default=True)],
        "Train": [
            st.Page("pages/train.py", title="New run"),
            st.Page("pages/experiments.py", title="Experiments"),
            st.Page("pages/runs.py", title="Runs"),
            st.Page("pages/studies.py", title="Studies"),
            st.Page("pages/data.py", title="Data"),
        ],
        "Look": [
            st.Page("pages/activations.py", title="Activations"),
            st.Page("pages/filters.py", title="Filters"),
            st.Page("pages/compare.py", title="Compare"),
            st.Page("pages/statistics.py", title="Early vs late"),
        ],
        "Explain": [
            st.Page("pages/attribution.py", title="Attribution"),
            st.Page("pages/diagnosis.py", title="Mistakes"),
            st.Page("pages/robustness.py", title="Shake it"),
            st.Page("pages/doctor.py", title="Doctor"),
        ],
        "Hand in": [st.Page("pages/reports.py", title="Reports")],
    }
)
