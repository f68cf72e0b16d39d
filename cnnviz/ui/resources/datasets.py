"""Prepared data sets, kept open while the app runs.

Torch is loaded on first use, never on import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.config import Data
from cnnviz.data.identity import identity

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset

Pixels = NDArray[np.uint8]


def dataset(name: str) -> Dataset:
    """A prepared data set; its arrays stay on the disk until they are read."""
    return _dataset(name, identity(name))


def mean_images(dataset: Dataset) -> Pixels:
    """The mean training image of each class."""
    return _mean_images(identity(dataset.name), dataset)


def split_sizes(data: Data) -> tuple[int, int]:
    """Numbers of training and validation images. Raises CnnvizError where the split does not fit."""
    return _split_sizes(data, identity(data.name))


@st.cache_resource(max_entries=8, show_spinner="Preparing the data …")
def _dataset(name: str, contents: str) -> Dataset:
    from cnnviz.data import catalogue

    return catalogue.load(name)


@st.cache_data(max_entries=8, show_spinner="Averaging …")
def _mean_images(contents: str, _dataset: Dataset) -> Pixels:
    from cnnviz.data import preview

    return preview.mean_images(_dataset)


@st.cache_data(max_entries=64, show_spinner=False)
def _split_sizes(data: Data, contents: str) -> tuple[int, int]:
    from cnnviz.data import split

    train, validation = split.of_run(dataset(data.name), data)
    return len(train), len(validation)
