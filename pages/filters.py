"""Filters: what every convolution looks for, before and after training, and through time."""

import streamlit as st

from cnnviz.explore.filters.similarity import ORDERS
from cnnviz.runs.run import every
from cnnviz.ui.filters import cache, downloads, epoch_slider, filter_card, movement, view
from cnnviz.ui.filters.view import SCALES
from cnnviz.ui.shell import frame, navigation
from cnnviz.ui.widgets import experiment_links, network_upload
from cnnviz.ui.widgets.network_picker import pick_run

frame.ensure()
with frame.guarded():
    experiment_links.hint()
    runs = [
        run
        for run in every()
        if run.snapshots() or (run.folder / "filters.npz").exists() or run.status().active
    ]
    with navigation.beside_title():
        if not runs:
            st.info("There is no run yet. Train a network: its filters are kept for every epoch.")
            st.page_link("pages/train.py", label="Train a network", icon=":material/model_training:")
            st.stop()
        left, right = st.columns(2)
    with left:
        run = pick_run(runs)
    active = run.status().active
    mark = cache.mark(run)
    if active:
        cache.watch(run, mark)
    found = cache.history(mark, _run=run)
    for line in found.damaged:
        st.warning(line, icon=":material/broken_image:")
    if not found.layers:
        st.info("This run has no filters yet: they show here as soon as it has begun to train.")
        st.stop()
    with right:
        layer = view.pick_layer(found.layers)
    epochs = found.epochs(layer)
    snapshots = {one: file.stem for one, file in found.files.items()}
    if run.imported:
        network_upload.origin(run)
    epoch = epochs[-1] if run.imported else epoch_slider.epoch(epochs, active=active, snapshots=snapshots)
    with st.container(horizontal=True):
        by = st.segmented_control(
            "Order", list(ORDERS), format_func=lambda name: f"By {ORDERS[name].title.lower()}",
            default="index", required=True, key="filter order",
        )  # fmt: skip
        per = st.segmented_control(
            "Scale", list(SCALES), format_func=SCALES.__getitem__, default="layer", required=True,
            key="filter scale",
        )  # fmt: skip
    order = cache.order(mark, layer.name, epochs[-1], by, _run=run)
    before, now = (
        cache.epoch_filters(mark, layer.name, one, _run=run) if one in epochs else None
        for one in (None if run.imported else 0, epoch)
    )
    assert now is not None
    st.markdown(view.legend(now))
    selected = view.selected(now)
    picked = view.side_by_side(before, now, order=order, per=per, selected=selected)
    if picked is not None and picked != selected:
        filter_card.choose(layer, picked)
        st.rerun()
    number = int(order[0]) if selected is None else selected
    filter_card.show(before, now, number, per=per, link=view.link(run, found, now, number))
    downloads.show(run, found, now, order=order, per=per)
    movement.show(run, mark, found)
    view.explanation()
