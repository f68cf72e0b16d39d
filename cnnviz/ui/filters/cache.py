"""What the Filters page asks for again and again, kept for a while. Torch is loaded on first use, never on import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.runs.run import Run
from cnnviz.ui.filters.view import EpochFilters
from cnnviz.ui.resources import networks

if TYPE_CHECKING:
    from cnnviz.explore.filters.history import History
    from cnnviz.explore.filters.movement import Moved
    from cnnviz.explore.filters.redundancy import Redundancy
    from cnnviz.explore.filters.weights import FilterLayer, Filters

_PACE = 5.0
"""Seconds between two looks for something new."""

Mark = tuple[str, int, tuple[networks.Stamp, ...]]
"""A run's folder, and the state of all that is known of its filters."""


def mark(run: Run) -> Mark:
    """The state of a run's filters: another one once there is something new."""
    try:
        changed = (run.folder / "filters.npz").stat().st_mtime_ns
    except FileNotFoundError:
        changed = 0
    return str(run.folder), changed, tuple(networks.stamp(run.id, name) for name in run.snapshots())


@st.cache_resource(max_entries=4, show_spinner="Reading the filters …")
def history(of: Mark, _run: Run) -> History:
    """The filters of a run through time. Shared: look, don't change."""
    from cnnviz.explore.filters.history import History

    return History(_run.config, [Path(one[0]) for one in of[2]], *networks.filters(_run))


@st.cache_resource(max_entries=12, show_spinner=False)
def filters(of: Mark, layer: str, epoch: int, _run: Run) -> Filters:
    """The filters of one layer after an epoch. Shared: look, don't change."""
    found = history(of, _run)
    return found.filters(_named(found, layer), epoch)


@st.cache_data(max_entries=32, show_spinner="Comparing the filters …")
def redundancy(of: Mark, layer: str, epoch: int, _run: Run) -> Redundancy:
    """Which filters of a layer are dead or near-duplicates after an epoch."""
    from cnnviz.explore.filters import redundancy as exploring

    return exploring.redundancy(filters(of, layer, epoch, _run))


@st.cache_data(max_entries=32, show_spinner=False)
def order(of: Mark, layer: str, epoch: int, by: str, _run: Run) -> NDArray[np.intp]:
    """Numbers of the filters of a layer in an order of `explore.similarity.ORDERS`, by their weights after an epoch."""
    from cnnviz.explore.filters.similarity import ORDERS

    return ORDERS[by].of(filters(of, layer, epoch, _run).weights)


def epoch_filters(of: Mark, layer: str, epoch: int, _run: Run) -> EpochFilters:
    """The filters of a layer after an epoch, and what is said of them."""
    found = history(of, _run)
    return EpochFilters(
        epoch,
        filters(of, layer, epoch, _run),
        redundancy(of, layer, epoch, _run),
        drawn_again=found.drawn_again(_named(found, layer), epoch),
        imported=_run.imported is not None,
    )


def watch(run: Run, of: Mark) -> None:
    """Start the page over once a run that goes on has something new."""

    st.fragment(_look, run_every=_PACE)(run, of)


def _look(run: Run, of: Mark) -> None:
    if not run.status().active or mark(run) != of:
        st.rerun()


@st.cache_data(max_entries=64, show_spinner=False)
def moved(of: Mark, epoch: int, _run: Run) -> list[Moved]:
    """How far the weights of each layer have gone from epoch 0 to this one."""
    return history(of, _run).moved(epoch)


def _named(found: History, layer: str) -> FilterLayer:
    from cnnviz.explore.filters.weights import layer_named

    return layer_named(found.layers, layer)
