"""The size at which a picture is looked at, where a network can read others than that of training."""

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cnnviz.formatting import per_cent
from cnnviz.ui.resources import networks
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import CELL, SIZE

_TRAINING = "training"
_BEFORE = "size before"
_TOP = 5


def pick(network: SelectedNetwork) -> int | None:
    """The selected height in pixels; None for that of training. Says why where there is no choice."""
    others = _offered(network.stamp)[0][1:]
    options = [_TRAINING, *map(str, others)]
    if others:
        chosen = selection.selectbox(
            SIZE,
            options,
            default=_TRAINING,
            words=lambda size: _words(network, None if size == _TRAINING else int(size)),
        )
    else:
        chosen = selection.choice(SIZE, options, _TRAINING, words=lambda _: _words(network, None))
    # A cell of a map of another size would be another place.
    if st.session_state.get(_BEFORE, chosen) != chosen:
        selection.drop(CELL)
    st.session_state[_BEFORE] = chosen
    return None if chosen == _TRAINING else int(chosen)


def selected(network: SelectedNetwork) -> int | None:
    """The selected height in pixels, where this network can read it; None for that of training."""
    others = [str(one) for one in _offered(network.stamp)[0][1:]]
    size = selection.value(
        SIZE, [_TRAINING, *others].__contains__, otherwise=f"this is {_words(network, None)}"
    )
    return int(size) if size in others else None


def why_not(network: SelectedNetwork) -> str:
    """Why the network reads images of one size alone; empty where it reads others."""
    return _offered(network.stamp)[1]


def is_trained() -> bool:
    """Whether the size of training is the selected one."""
    return (selection.peek(SIZE) or _TRAINING) == _TRAINING


def dimensions(network: SelectedNetwork, size: int | None) -> str:
    """Width × height of an image at that size."""
    from cnnviz.explore.layers.input_sizes import shape_at

    height, width, _ = shape_at(network.card, size)
    return f"{width} × {height}"


def compare(
    network: SelectedNetwork, size: int, here: NDArray[np.float64], trained: NDArray[np.float64]
) -> None:
    """The prediction at this size beside that at the size of training, and what to think of it."""
    own, other = dimensions(network, None), dimensions(network, size)
    order = np.argsort(-np.maximum(here, trained))[:_TOP]
    rows = [
        {
            "Class": network.card.classes[one],
            f"{own}, as trained": per_cent(trained[one]),
            other: per_cent(here[one]),
        }
        for one in order
    ]
    st.table(pd.DataFrame(rows).set_index("Class"))
    st.caption(
        f"Trained at {own}: only there is its prediction what it learnt. At {other} each filter covers a smaller part "
        "of the picture, so the maps are finer, and the last layers get patterns of a scale that they have not met."
    )


def _words(network: SelectedNetwork, size: int | None) -> str:
    return dimensions(network, size) + (", as trained" if size is None else "")


@st.cache_data(max_entries=16, show_spinner=False)
def _offered(of: networks.Stamp) -> tuple[list[int], str]:
    from cnnviz.explore.layers.input_sizes import offered

    return offered(*networks.network(of))
