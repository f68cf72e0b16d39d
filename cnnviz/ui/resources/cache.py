"""What pages ask for again and again, kept for a while. Torch is loaded on first use, never on import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz import workspace
from cnnviz.config import Data, Freeze, Network, RunConfig
from cnnviz.errors import CheckpointError
from cnnviz.render.mosaic import Mosaic, grid
from cnnviz.runs.run import Run

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.data.prepared import Dataset
    from cnnviz.explore.activations.cell import Trace
    from cnnviz.explore.inputs.preprocessing import Input
    from cnnviz.explore.layers.structure import Layer
    from cnnviz.models.checkpoint import Card
    from cnnviz.recipes.depth import Depth
    from cnnviz.recipes.recipe import LayerSeries
    from cnnviz.recipes.results import RunsByConfiguration
    from cnnviz.train.estimate import Speed

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


@st.cache_resource(max_entries=8, show_spinner="Preparing the data …")
def dataset(name: str) -> Dataset:
    """A prepared data set; its arrays stay on the disk until they are read."""
    from cnnviz.data import catalogue

    return catalogue.load(name)


@st.cache_data(max_entries=8, show_spinner="Averaging …")
def mean_images(name: str, _dataset: Dataset) -> Pixels:
    """The mean training image of each class."""
    from cnnviz.data import preview

    return preview.mean_images(_dataset)


@st.cache_data(max_entries=64, show_spinner=False)
def split_sizes(data: Data) -> tuple[int, int]:
    """Numbers of training and validation images. Raises CnnvizError where the split does not fit."""
    from cnnviz.data import split

    train, validation = split.of_run(dataset(data.name), data)
    return len(train), len(validation)


def check(config: RunConfig) -> int:
    """Number of parameters of a run. Raises CnnvizError for what would stop it at once."""
    return _checked(config.model_copy(update={"title": ""}))


@st.cache_data(max_entries=64, ttl=60, show_spinner=False)
def _checked(config: RunConfig) -> int:
    from cnnviz.train.check import check

    return check(config, dataset(config.data.name))


@st.cache_data(max_entries=64, show_spinner=False)
def parameters_for(network: Network, shape: tuple[int, int, int], classes: int) -> int:
    """Number of trained values of a network for images of that shape."""
    from cnnviz.train import estimate

    return estimate.parameter_count(network, image_shape=shape, classes=classes)


@st.cache_data(max_entries=16, show_spinner="Looking through the layers …")
def depths(look: LayerSeries) -> list[Depth]:
    """Sparsity and spread of some layers of a trained network."""
    from cnnviz.recipes import depth

    return depth.depths(look)


@st.cache_resource(ttl=2, show_spinner=False)
def shelf() -> RunsByConfiguration:
    """All runs, by what was run; looked through again every two seconds at the most."""
    from cnnviz.recipes import results

    return results.shelf()


@st.cache_data(max_entries=64, show_spinner="Measuring this machine …")
def speed(network: Network, data: Data, device: str, precision: str) -> Speed:
    """Training images a second, measured for a second or two."""
    from cnnviz.train import estimate

    found = dataset(data.name)
    return estimate.measure(
        network,
        device=device,
        precision=precision,
        image_shape=data.shape(found.image_shape),
        classes=len(found.classes),
    )


@st.cache_data(max_entries=32, show_spinner=False)
def some_tiles(maps: NDArray[np.float32]) -> Mosaic:
    """`maps` at one pixel a value, on a shared scale."""
    return grid(maps, tile=min(max(maps.shape[1:]), 224), gap=0)
