"""Studies: what varies, how often, and what comes out."""

import streamlit as st

from cnnviz.studies import folder
from cnnviz.ui.shell import frame, selection
from cnnviz.ui.studies import overview, plan_form, view
from cnnviz.ui.studies.parameters import STUDY

frame.ensure()
with frame.guarded():
    chosen = selection.value(
        STUDY, {one.id for one in folder.every()}.__contains__, otherwise="these are all"
    )
    if chosen is not None:
        view.show(chosen)
    else:
        listed, form = st.columns([7, 4], gap="large")
        with listed, frame.guarded():
            overview.show()
        with form, frame.guarded(), st.container(border=True):
            plan_form.show()
