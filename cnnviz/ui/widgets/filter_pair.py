"""First-layer filters, untrained beside trained, to look at only."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.formatting import decimal
from cnnviz.render.filters import mosaic
from cnnviz.ui.widgets.mosaic_canvas import sprite


def pair(epochs: NDArray[np.int64], filters: NDArray[np.float16], epoch: int, *, key: str, tile: int) -> None:
    """The first layer's filters of epoch 0 and of `epoch`, side by side, to look at only."""
    at = int(np.searchsorted(epochs, epoch))
    for place, index, name in zip(st.columns(2), (0, at), ("untrained", "trained"), strict=True):
        with place:
            _one(
                filters[index],
                f"Epoch {epochs[index]}" + (", untrained" if index == 0 else ""),
                key=f"{key} {name}",
                tile=tile,
            )


def _one(filters: NDArray[np.float16], title: str, *, key: str, tile: int) -> None:
    drawn = mosaic(filters.astype(np.float32), tile=max(filters.shape[2:]), gap=0)
    norms = np.linalg.norm(filters.reshape(len(filters), -1).astype(np.float64), axis=1)
    middle = "grey is zero" if filters.shape[1] == 3 else "white is zero, red positive, blue negative"
    st.caption(f"{title}: {decimal(drawn.scale.low)} to {decimal(drawn.scale.high)}, {middle}")
    sprite(
        drawn,
        key=key,
        tile=tile,
        labels=[f"filter {number}: norm {norm:.3g}" for number, norm in enumerate(norms)],
        alt=f"{len(filters)} first-layer filters, {title}",
    )
