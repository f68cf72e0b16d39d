"""Networks of snapshots, and what they make of an image: kept for a while.

Torch is loaded on first use, never on import.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz import workspace
from cnnviz.config import Freeze
from cnnviz.errors import CheckpointError
from cnnviz.render.mosaic import Mosaic, grid
from cnnviz.runs.run import Run

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.explore.activations.cell import Trace
    from cnnviz.explore.inputs.preprocessing import Input
    from cnnviz.explore.layers.structure import Layer
    from cnnviz.models.checkpoint import Card

Stamp = tuple[str, int, int, int]
"""A file and its state: written anew, it has another stamp."""
Pixels = NDArray[np.uint8]


def stamp(run: str, snapshot: str) -> Stamp:
    """The stamp of a snapshot. Raises CheckpointError when it is not there."""
    path = workspace.snapshot_file(run, snapshot)
    try:
        found = path.stat()
    except FileNotFoundError:
        raise CheckpointError(
            f"The run {run} has no snapshot {snapshot!r} yet: wait for it, or choose another."
        ) from None
    return str(path), found.st_mtime_ns, found.st_size, found.st_ino


@st.cache_resource(max_entries=8, show_spinner="Loading the network …")
def network(of: Stamp) -> tuple[nn.Module, Card]:
    """A snapshot's network, in evaluation mode on the CPU, and its card. Shared: look, don't change."""
    from cnnviz.models import checkpoint

    return checkpoint.load(Path(of[0]))


@st.cache_data(max_entries=16, show_spinner=False)
def layers(of: Stamp, freeze: Freeze, shape: tuple[int, int, int] | None = None) -> list[Layer]:
    """The layers of a snapshot's network, in the order in which they run, and what was frozen in training.

    `shape` is that of the image (C, H, W), `Input.shape`; None is that of training.
    """
    from cnnviz.explore.layers import structure as exploring
    from cnnviz.models.freezing import frozen_weights

    model, card = network(of)
    height, width, channels = card.image_shape
    shape = shape or (channels, height, width)
    return exploring.layers(model, shape, frozen=frozen_weights(model, freeze))


@st.cache_data(max_entries=64, show_spinner=False)
def network_input(
    of: Stamp, image: str, pixels: Pixels, invert: bool, *, size: int | None = None, way: str = "crop"
) -> Input:
    """`pixels`, the image of that name, as the network reads it: see `as_input`."""
    from cnnviz.explore.inputs.preprocessing import as_input

    return as_input(pixels, network(of)[1], invert=invert, size=size, way=way)


@st.cache_data(max_entries=128, show_spinner=False)
def prediction(of: Stamp, values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probabilities of the classes for one normalised image."""
    from cnnviz.explore.activations.activation_maps import predict

    return predict(network(of)[0], values)


@st.cache_resource(max_entries=4, show_spinner=False)
def trace(of: Stamp, freeze: Freeze, values: NDArray[np.float32], layer: str) -> Trace:
    """What the cells of one layer are made of, for one normalised image."""
    from cnnviz.explore.activations import cell

    channels, height, width = values.shape
    return cell.trace(network(of)[0], values, layers(of, freeze, (channels, height, width)), layer)


@st.cache_data(max_entries=64, show_spinner=False)
def prediction_without(
    of: Stamp, values: NDArray[np.float32], layer: str, channel: int
) -> NDArray[np.float64]:
    """Probabilities of the classes with one channel switched off."""
    from cnnviz.explore.activations.activation_maps import predict_without

    return predict_without(network(of)[0], values, layer, channel)


@st.cache_data(max_entries=64, show_spinner=False)
def maps(of: Stamp, values: NDArray[np.float32], layer: str) -> NDArray[np.float32]:
    """Activations (C, H, W) of one layer for one normalised image."""
    from cnnviz.explore.activations.activation_maps import channel_maps

    return channel_maps(network(of)[0], values, layer)


def filters(run: Run) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
    """As `Run.filters`, read again only when they have changed."""
    try:
        changed = (run.folder / "filters.npz").stat().st_mtime_ns
    except FileNotFoundError:
        changed = 0
    return _filters(str(run.folder), changed, _run=run)


@st.cache_resource(max_entries=4, show_spinner=False)
def _filters(folder: str, changed: int, _run: Run) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
    return _run.filters()


@st.cache_data(max_entries=32, show_spinner=False)
def some_tiles(maps: NDArray[np.float32]) -> Mosaic:
    """`maps` at one pixel a value, on a shared scale."""
    return grid(maps, tile=min(max(maps.shape[1:]), 224), gap=0)


@st.cache_data(max_entries=64, show_spinner=False)
def digest(of: Stamp) -> str:
    """SHA-256 of a snapshot's file. Raises CheckpointError when it is gone."""
    try:
        with open(of[0], "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"The snapshot can't be read ({error.strerror}): choose another.") from None
