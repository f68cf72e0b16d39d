"""Experiments: what five lab reports asked, run again, with what they say beside what comes out."""

import streamlit as st

from cnnviz.recipes import library
from cnnviz.ui.experiments import overview, view
from cnnviz.ui.resources import recipe_results
from cnnviz.ui.shell import frame, selection
from cnnviz.ui.shell.parameters import RECIPE

frame.ensure()
with frame.guarded():
    chosen = selection.peek(RECIPE)
    if chosen is None:
        st.title("Experiments of five lab reports, run again", anchor=False)
        overview.show(recipe_results.recipe_runs())
    else:
        view.show(library.find(chosen), recipe_results.recipe_runs())
