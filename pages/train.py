"""Train: start a run, and watch one."""

import streamlit as st

from cnnviz.runs import queue
from cnnviz.runs.run import every
from cnnviz.ui.shell import frame, selection
from cnnviz.ui.shell.parameters import RUN
from cnnviz.ui.train import queue_panel, run_form, run_panel
from cnnviz.ui.widgets.network_picker import name, preferred

frame.ensure()
form, panel = st.columns([3, 8], gap="large")
# The panel comes first: it needs no torch, so that curves are there while the form still measures.
live = None
with panel, frame.guarded():
    runs = {run.id: run for run in every()}
    if runs:
        # What waits in a paused queue has nothing to show.
        live = next(iter(queue.training() if queue.settings().paused else queue.active()), None)
        default = (live or preferred(list(runs.values()))).id
        chosen = selection.selectbox(
            RUN, list(runs), default=default, words=lambda run: name(runs[run]), title="Run"
        )
        run_panel.show(runs[chosen])
    else:
        st.info("Nothing has been trained yet. Press Start: the curves appear here.")
with form, frame.guarded(), st.container(border=True):
    # A setting that is changed draws the form anew, and not the curves beside it.
    st.fragment(run_form.show)(live=live is not None)
with form, frame.guarded():
    queue_panel.show()
