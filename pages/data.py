"""Data: what a data set holds, and what augmentation makes of its images."""

import streamlit as st

from cnnviz.data import catalogue
from cnnviz.ui.data import augmentation, view
from cnnviz.ui.data.parameters import DATA
from cnnviz.ui.resources import datasets
from cnnviz.ui.shell import frame, navigation, selection
from cnnviz.ui.widgets import data_sets

frame.ensure()
with frame.guarded():
    titles = {name: entry.title for name, entry in catalogue.entries().items()}
    here = catalogue.available()
    default = "cifar10" if "cifar10" in here else here[0]
    with navigation.beside_title():
        chooser, more = st.columns([3, 2], vertical_alignment="bottom")
    with chooser:
        name = selection.selectbox(DATA, here, default=default, words=lambda one: titles.get(one, one))
    with more:
        data_sets.more()
    dataset = datasets.dataset(name)
    view.show(dataset)
    with frame.guarded():
        augmentation.show(dataset)
