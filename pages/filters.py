"""Filters: what the first layer looks for, before and after training."""

import io

import numpy as np
import streamlit as st

from cnnviz.runs.run import every
from cnnviz.ui import cache, frame, selection
from cnnviz.ui.components import filter_view, recipe_views
from cnnviz.ui.components.network_picker import pick_run

frame.ensure()
with frame.guarded():
    recipe_views.hint()
    runs = [run for run in every() if (run.folder / "filters.npz").exists()]
    if not runs:
        st.info("There is no run yet. Train a network: its filters are kept for every epoch.")
        st.page_link("pages/train.py", label="Train a network", icon=":material/model_training:")
        st.stop()
    run = pick_run(runs)
    epochs, filters = cache.filters(run)
    names = [str(epoch) for epoch in epochs]
    choose = selection.slider if len(names) > 1 else selection.selectbox
    epoch = int(choose("Epoch", "epoch", names, default=names[-1]))
    large = filters.shape[-1] > 16
    filter_view.pair(epochs, filters, epoch, key="filters", tile=56 if large else 64)
    with st.container(horizontal=True):
        at = names.index(str(epoch))
        stem = f"{run.id}-filters-epoch-{epoch}"
        st.download_button(
            "PNG", lambda: filter_view.mosaic(filters[at].astype(np.float32)).png, f"{stem}.png", "image/png",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        content = io.BytesIO()
        np.savez_compressed(content, epochs=epochs, filters=filters)
        st.download_button(
            "npz, all epochs", content.getvalue(), f"{run.id}-filters.npz", "application/zip",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    with st.popover("What am I looking at?", icon=":material/help:", type="tertiary"):
        st.markdown(
            "Each tile is one filter of the first layer: the pattern of pixels it answers to most. "
            "Untrained ones are noise. Trained ones become edges, colour contrasts and blobs; tiles that stay noise, "
            "or fade to the colour of zero, have learnt nothing. Both pictures have a scale of their own."
        )
