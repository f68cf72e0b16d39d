"""Experiments: what five lab reports asked, run again, with what they say beside what comes out."""

import streamlit as st

from cnnviz.recipes import book
from cnnviz.ui import cache, frame, selection
from cnnviz.ui.components import recipe_list, recipe_view

frame.ensure()
with frame.guarded():
    chosen = selection.get("recipe")
    if chosen is None:
        st.subheader("Experiments of five lab reports, run again", anchor=False)
        recipe_list.show(cache.shelf())
    else:
        recipe_view.show(book.find(chosen), cache.shelf())
