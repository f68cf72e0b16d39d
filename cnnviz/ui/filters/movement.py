"""Which layers learnt: how far the weights of each have gone from the start, epoch by epoch."""

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd
import streamlit as st

from cnnviz.progress import Progress, Work
from cnnviz.runs.run import Run
from cnnviz.ui.filters import cache
from cnnviz.ui.widgets import long_work

if TYPE_CHECKING:
    from cnnviz.explore.filters.history import History

_QUANTITIES = {
    "rotation": ("Rotation", "1 − cosine with epoch 0: 0 has not turned, 1 is at a right angle"),
    "distance": ("Distance", "‖now − epoch 0‖ / ‖epoch 0‖"),
    "norm": ("Norm", "‖now‖, Euclidean, all weights of the layer"),
}


def show(run: Run, mark: cache.Mark, found: "History") -> None:
    """Offer the chart; it is worked out once it is opened, an epoch at a time."""
    if not found.several:
        return
    box = st.expander(
        "Which layers learnt?", icon=":material/trending_up:", on_change="rerun", key="movement"
    )
    if not box.open:
        return
    with box:
        epochs = found.whole_epochs
        if len(epochs) < 2 or epochs[0] != 0:
            st.caption("The weights of epoch 0 were not kept, or no others yet.")
            return
        rows = long_work.at_once(
            lambda: _rows(run, mark, epochs), of=(mark, epochs), name="reading", again="Go on", key="go on reading",
            start="Reading the snapshots",
        )  # fmt: skip
        if rows is None:
            return
        quantity = st.segmented_control(
            "Quantity",
            list(_QUANTITIES),
            format_func=lambda name: _QUANTITIES[name][0],
            default="rotation",
            required=True,
            key="movement quantity",
            label_visibility="collapsed",
        )
        st.caption(
            f"{_QUANTITIES[quantity][1]}. Of all epochs whose weights were kept. A batch norm behind a layer takes "
            "back a change of length, so only the rotation counts there."
        )
        st.altair_chart(
            _chart(rows, quantity),
            alt=f"{_QUANTITIES[quantity][0]} of the weights of each layer, by epoch",
            key="movement chart",
        )
        st.download_button(
            "CSV",
            rows.to_csv(index=False),
            f"{run.id}-movement.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="movement csv",
        )


def _rows(run: Run, mark: cache.Mark, epochs: list[int]) -> Work[pd.DataFrame]:
    """One row a layer and epoch."""
    rows = []
    for at, epoch in enumerate(epochs):
        moved = cache.moved(mark, epoch, _run=run)
        rows += [
            {"layer": one.layer, "epoch": epoch} | {name: getattr(one, name) for name in _QUANTITIES}
            for one in moved
        ]
        yield Progress((at + 1) / len(epochs), f"Reading the snapshots: epoch {epoch}")
    return pd.DataFrame(rows)


def _chart(rows: pd.DataFrame, quantity: str) -> alt.Chart:
    title = _QUANTITIES[quantity][0]
    chart: alt.Chart = (
        alt.Chart(rows)
        .mark_rect()
        .encode(
            x=alt.X("epoch:O", title="Epoch", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("layer:N", sort=None, title=None, axis=alt.Axis(labelLimit=180, labelOverlap=False)),
            color=alt.Color(
                f"{quantity}:Q",
                title=title,
                scale=alt.Scale(scheme="viridis", domainMin=0),
            ),
            tooltip=[
                "layer:N",
                "epoch:O",
                *(
                    alt.Tooltip(f"{name}:Q", title=words[0], format=".3g")
                    for name, words in _QUANTITIES.items()
                ),
            ],
        )
        .properties(height=alt.Step(22))
    )
    return chart
