"""Data: what a data set holds, and what augmentation makes of its images."""

import streamlit as st

from cnnviz.data import catalogue
from cnnviz.ui import cache, frame, selection
from cnnviz.ui.components import augmentation_view, data_sets, data_view

frame.ensure()
with frame.guarded():
    titles = {name: entry.title for name, entry in catalogue.entries().items()}
    here = catalogue.available()
    default = "cifar10" if "cifar10" in here else here[0]
    chooser, more = st.columns([3, 2], vertical_alignment="bottom")
    with chooser:
        name = selection.selectbox(
            "Data set", "data", here, default=default, words=lambda one: titles.get(one, one)
        )
    with more:
        data_sets.more()
    dataset = cache.dataset(name)
    data_view.show(dataset)
    with frame.guarded():
        augmentation_view.show(dataset)
