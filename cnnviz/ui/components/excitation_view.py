"""The test images that excite a channel most, what it answers to by class, and how often it is silent."""

from pathlib import Path
from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz import workspace
from cnnviz.data import catalogue
from cnnviz.errors import CnnvizError
from cnnviz.render.mosaic import grid_pictures
from cnnviz.ui import cache, selection
from cnnviz.ui.components.network_picker import LookedAt
from cnnviz.ui.components.sprite import sprite

if TYPE_CHECKING:
    from cnnviz.explore.excitation import Excitation
    from cnnviz.explore.layers import Layer

_MOST = 2_000
"""Test images that are looked through."""
_SHOWN = 9


def show(looked_at: LookedAt, layer: "Layer", channel: int) -> None:
    """Draw what is known; offer to look through the test images where it is not."""
    data = looked_at.card.data
    if not data:
        st.caption("What excites it most is found in test images, and this network came without a data set.")
        return
    if data not in catalogue.available():
        st.caption(f"What excites it most shows here once the images of {data} are on this machine.")
        return
    found = cache.excitation(looked_at.stamp, _path(looked_at, layer), _mark(looked_at, layer))
    if found is None:
        count = min(_MOST, len(cache.dataset(data).test_labels))
        if st.button(
            f"Find what excites it most, in {count:,} test images",
            icon=":material/image_search:",
            key="look through",
        ):
            _look_through(looked_at, layer)
        return
    if channel >= found.peaks.shape[1]:
        return
    images, beside = _strongest(looked_at, layer, found, channel)
    if images:
        with beside:
            _crops(looked_at, layer, images, channel)
        _by_class(looked_at, found, channel)
    else:
        with beside:
            _by_class(looked_at, found, channel)


def _path(looked_at: LookedAt, layer: "Layer") -> str:
    return str(workspace.index_file(looked_at.run.id, looked_at.snapshot, layer.name))


def _mark(looked_at: LookedAt, layer: "Layer") -> str:
    """What an index is of: it is made anew for other weights, or another layer of a similar name."""
    return f"{layer.name} {looked_at.stamp[1:]}"


def _look_through(looked_at: LookedAt, layer: "Layer") -> None:
    from cnnviz.explore import excitation

    model, card = cache.network(looked_at.stamp)
    data = cache.dataset(card.data)
    numbers = np.arange(min(_MOST, len(data.test_labels)))
    bar = st.progress(0.0, text="Looking through test images; leaving the page cancels it")
    steps = excitation.excitation(
        model, card, data.test_images, data.test_labels, layer.name, numbers=numbers
    )
    try:
        while True:
            bar.progress(next(steps), text="Looking through test images; leaving the page cancels it")
    except StopIteration as end:
        try:
            excitation.save(Path(_path(looked_at, layer)), end.value, of=_mark(looked_at, layer))
        except OSError as error:
            st.error(f"It can't be kept ({error.strerror}): make room on the disk.", icon=":material/error:")
            return
    except CnnvizError as error:
        st.error(str(error), icon=":material/error:")
        return
    cache.excitation.clear()
    st.rerun()


def _strongest(
    looked_at: LookedAt, layer: "Layer", found: "Excitation", channel: int
) -> tuple[list[tuple[int, int, int]], DeltaGenerator]:
    """Draw the images; gives those of which a part can be shown, if any, and the place beside them."""
    data = cache.dataset(looked_at.card.data)
    best = found.strongest(channel, _SHOWN)
    silent = found.zeros[channel]
    st.markdown("**Test images that excite it most**")
    st.caption(
        f"Of {len(found.numbers):,}. Its values are zero {silent:.0%} of the time"
        + (": a dead channel." if found.dead[channel] else ".")
    )
    labels = [_label(looked_at, number) for number, _, _ in best]
    whole, beside = st.columns(2)
    with whole:
        picked = sprite(
            grid_pictures(np.stack([data.test_images[number] for number, _, _ in best])),
            key=f"strongest {layer.name} {channel}",
            tile=64,
            columns=3,
            labels=[f"{text}. Click to look at it." for text in labels],
            choice=True,
            alt=f"Test images that excite channel {channel} most: {'; '.join(labels)}",
        )
    if picked is not None:
        selection.put("image", f"test.{best[picked][0]}")
        selection.put("cell", f"{best[picked][1]}.{best[picked][2]}")
        st.rerun()
    height, width, _ = looked_at.card.image_shape
    field = layer.field
    partly = field is not None and not field.whole and max(field.size) < min(height, width)
    return best if partly and data.image_shape[:2] == (height, width) else [], beside


def _crops(looked_at: LookedAt, layer: "Layer", best: list[tuple[int, int, int]], channel: int) -> None:
    """What the channel saw of each image."""
    from cnnviz.explore.receptive_field import box

    assert layer.field is not None
    data = cache.dataset(looked_at.card.data)
    (high, wide), (height, width, _) = layer.field.size, looked_at.card.image_shape
    crops = []
    for number, row, column in best:
        top, left, _, _ = box(layer.field, row, column, image=(height, width))
        top, left = min(top, height - high), min(left, width - wide)
        crops.append(data.test_images[number][top : top + high, left : left + wide])
    sprite(
        grid_pictures(np.stack(crops)),
        key=f"crops {layer.name} {channel}",
        tile=64,
        columns=3,
        labels=[
            f"{_label(looked_at, number)}: the {high} × {wide} pixels that it saw" for number, _, _ in best
        ],
        alt=f"The parts of these images that channel {channel} saw",
    )


def _label(looked_at: LookedAt, number: int) -> str:
    data = cache.dataset(looked_at.card.data)
    return f"{data.classes[data.test_labels[number]]}, test image {number:,}"


def _by_class(looked_at: LookedAt, found: "Excitation", channel: int) -> None:
    classes = looked_at.card.classes
    means = found.by_class(channel, len(classes))
    rows = [
        {"class": name, "mean": mean} for name, mean in zip(classes, means, strict=True) if np.isfinite(mean)
    ]
    chart = (
        alt.Chart(pd.DataFrame(rows, columns=["class", "mean"]))
        .mark_bar(color="#0072B2", cornerRadiusEnd=2)
        .encode(
            y=alt.Y("class:N", sort="-x", title=None, axis=alt.Axis(labelOverlap=False)),
            x=alt.X("mean:Q", title="Mean activation"),
            tooltip=["class:N", alt.Tooltip("mean:Q", format=".4g")],
        )
        .properties(height=alt.Step(18))
    )
    st.altair_chart(chart, key="mean by class", alt=f"Mean activation of channel {channel} by class")
