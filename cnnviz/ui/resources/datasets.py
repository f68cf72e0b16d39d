"""Prepared data sets, kept open while the app runs.

Torch is loaded on first use, never on import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.config import Data

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset

Pixels = NDArray[np.uint8]


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
