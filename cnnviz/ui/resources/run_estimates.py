"""What is known of a run before it starts: whether it can, how large it is, how fast.

Torch is loaded on first use, never on import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cnnviz.config import Data, Network, RunConfig
from cnnviz.ui.resources import datasets

if TYPE_CHECKING:
    from cnnviz.train.estimate import Speed


def check(config: RunConfig) -> int:
    """Number of parameters of a run. Raises CnnvizError for what would stop it at once."""
    return _checked(config.model_copy(update={"title": ""}))


@st.cache_data(max_entries=64, ttl=60, show_spinner=False)
def _checked(config: RunConfig) -> int:
    from cnnviz.train.check import check

    return check(config, datasets.dataset(config.data.name))


@st.cache_data(max_entries=64, show_spinner=False)
def parameters_for(network: Network, shape: tuple[int, int, int], classes: int) -> int:
    """Number of trained values of a network for images of that shape."""
    from cnnviz.train import estimate

    return estimate.parameter_count(network, image_shape=shape, classes=classes)


def speed(network: Network, data: Data, device: str, precision: str) -> Speed:
    """Training images a second, measured for a second or two; how many images there are does not matter."""
    found = datasets.dataset(data.name)
    return _speed(network, data.shape(found.image_shape), len(found.classes), device, precision)


@st.cache_data(max_entries=64, show_spinner="Measuring this machine …")
def _speed(network: Network, shape: tuple[int, int, int], classes: int, device: str, precision: str) -> Speed:
    from cnnviz.train import estimate

    return estimate.measure(network, device=device, precision=precision, image_shape=shape, classes=classes)
