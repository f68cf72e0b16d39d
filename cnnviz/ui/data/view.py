"""A data set to look at: how many of what, how they look, how they look on average."""

import altair as alt
import pandas as pd
import streamlit as st

from cnnviz.data import preview
from cnnviz.data.prepared import Dataset
from cnnviz.render.colour import BLUE, ORANGE
from cnnviz.render.mosaic import grid_pictures
from cnnviz.ui.data.parameters import SAMPLE
from cnnviz.ui.resources import datasets
from cnnviz.ui.shell import selection
from cnnviz.ui.widgets.mosaic_canvas import sprite

_MOST, _ACROSS, _TILE = 100, 10, 64


def show(dataset: Dataset) -> None:
    """Samples to choose from, means, and counts."""
    height, width, channels = dataset.image_shape
    colours = "colour" if channels == 3 else "grey"
    st.caption(
        f"{len(dataset.train_labels):,} training and {len(dataset.test_labels):,} test images, "
        f"{height}×{width}, {colours}, "
        f"{len(dataset.classes)} classes. {dataset.source}."
    )
    pictures, facts = st.columns([7, 4], gap="large")
    with pictures:
        _samples(dataset)
    with facts:
        st.markdown("**Mean image of each class**")
        sprite(
            grid_pictures(datasets.mean_images(dataset), tile=min(112, max(dataset.image_shape[:2]))),
            key=f"means {dataset.name}",
            tile=56,
            labels=list(dataset.classes),
            alt=f"Mean training image of each class: {', '.join(dataset.classes[:20])}",
        )
        _counts(dataset)


def _samples(dataset: Dataset) -> None:
    page = st.session_state.setdefault("sample page", 0)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Training images**, a class after the other")
        if st.button("Others", icon=":material/refresh:", type="tertiary", key="other samples"):
            st.session_state["sample page"] = page + 1
            st.rerun()
    numbers = preview.samples(dataset, each=max(1, _MOST // len(dataset.classes)), page=page)
    labels = [
        f"{dataset.classes[dataset.train_labels[n]]}, training image {n:,}. Click to augment it."
        for n in numbers
    ]
    count = len(dataset.train_labels)
    chosen = selection.value(SAMPLE, lambda number: number < count, otherwise="this is the first one")
    picked = sprite(
        grid_pictures(dataset.train_images[numbers], tile=min(_TILE, max(dataset.image_shape[:2]))),
        key=f"samples {dataset.name} {page}",
        tile=_TILE,
        columns=_ACROSS,
        labels=labels,
        choice=True,
        selected=numbers.tolist().index(chosen) if chosen is not None and chosen in numbers else None,
        alt=f"{len(numbers)} training images of {dataset.name}: arrow keys walk, Enter chooses",
    )
    if picked is not None and numbers[picked] != chosen:
        selection.put(SAMPLE, int(numbers[picked]))
        st.rerun()


def _counts(dataset: Dataset) -> None:
    rows = [
        {"class": name, "split": split, "images": count}
        for split, those in preview.counts(dataset).items()
        for name, count in zip(dataset.classes, those, strict=True)
    ]
    st.markdown("**Images a class**")
    chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=alt.Y("class:N", sort=None, title=None, axis=alt.Axis(labelOverlap=False, labelFlush=False)),
            x=alt.X("images:Q", title=None),
            color=alt.Color(
                "split:N",
                scale=alt.Scale(domain=["training", "test"], range=[BLUE, ORANGE]),
                legend=alt.Legend(orient="top", title=None),
            ),
            tooltip=["class:N", "split:N", alt.Tooltip("images:Q", format=",")],
        )
        .properties(height=alt.Step(18))
    )
    st.altair_chart(chart, key="class counts")
