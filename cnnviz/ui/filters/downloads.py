"""The filters of a layer to take away: picture, arrays, table."""

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cnnviz.render.filters import picture
from cnnviz.runs.run import Run
from cnnviz.ui.filters.view import EpochFilters
from cnnviz.ui.widgets import pin

if TYPE_CHECKING:
    from cnnviz.explore.filters.history import History
    from cnnviz.report.figures.figure import Figure


def show(run: Run, found: "History", now: EpochFilters, *, order: NDArray[np.intp], per: str) -> None:
    """Buttons for the filters of the chosen epoch, in their order; the arrays are of all epochs that are known."""
    layer = now.filters.layer
    name = f"{run.id}-filters-{layer.name}".replace(" ", "-")
    with st.container(horizontal=True):
        for label, content, file, kind in (
            (
                "PNG",
                lambda: picture(now.filters.weights[order], tiled=layer.tiled, each=per == "channel").png,
                f"{name}-epoch-{now.epoch}.png",
                "image/png",
            ),
            ("npz, all epochs", lambda: arrays(found, now), f"{name}.npz", "application/zip"),
            ("CSV", lambda: _table(now, order), f"{name}-epoch-{now.epoch}.csv", "text/csv"),
        ):
            st.download_button(label, content, file, kind, icon=":material/download:", on_click="ignore")
        pin.pin(lambda: _figure(run, now), key="filters", why_not=_why_not(run, now))


def _figure(run: Run, now: EpochFilters) -> "Figure":
    from cnnviz.report.figures.filters import Filters as FiltersFigure

    return FiltersFigure(run=run.id, after=now.epoch)


def _why_not(run: Run, now: EpochFilters) -> str:
    if now.filters.layer.first and not run.imported:
        return ""
    return "Filters of the first layer can be pinned, of runs that were trained here: their epochs are kept."


def arrays(found: "History", now: EpochFilters) -> bytes:
    """npz: epochs (E,), filters (E, F, C, h, w), and the layer's name."""
    layer = now.filters.layer
    epochs = found.epochs(layer)
    kept = [found.filters(layer, epoch).weights for epoch in epochs]
    fewest = min(map(len, kept))
    content = io.BytesIO()
    np.savez_compressed(
        content, epochs=np.array(epochs), filters=np.stack([one[:fewest] for one in kept]), layer=layer.name
    )
    return content.getvalue()


def _table(now: EpochFilters, order: NDArray[np.intp]) -> str:
    from cnnviz.explore.filters.redundancy import table

    text: str = pd.DataFrame(table(now.filters, now.redundancy, order)).to_csv(index=False)
    return text
