"""Train: start a run, and watch one."""

import streamlit as st

from cnnviz.runs.run import every
from cnnviz.ui import frame, selection
from cnnviz.ui.components import run_form, run_panel
from cnnviz.ui.components.network_picker import name, preferred

frame.ensure()
with frame.guarded():
    form, panel = st.columns([3, 8], gap="large")
    with form, st.container(border=True):
        run_form.show()
    runs = every()
    with panel, frame.guarded():
        if not runs:
            st.info("Nothing has been trained yet. Press Start: the curves appear here.")
            st.stop()
        by_id = {run.id: run for run in runs}
        live = next((run for run in runs if run.status().active), None)
        chosen = selection.selectbox(
            "Run",
            "run",
            list(by_id),
            default=(live or preferred(runs)).id,
            words=lambda run: name(by_id[run]),
        )
        run_panel.show(by_id[chosen])
