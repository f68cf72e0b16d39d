"""Test images to choose from: by class, by what the network says, right or wrong, surest or least sure first."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.data import catalogue
from cnnviz.formatting import accuracy, per_cent
from cnnviz.render.mosaic import grid_pictures
from cnnviz.ui.resources import datasets
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.widgets import predictions
from cnnviz.ui.widgets.thumbnail_list import choose

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset
    from cnnviz.explore.predictions import Predictions

_PAGE = 60
_ANY = -1
_OUTCOMES = {"all": None, "right": True, "wrong": False}


def pick(network: SelectedNetwork, current: str) -> str | None:
    """The name of the test image that was just chosen, if one was."""
    name, classes = network.card.data, network.card.classes
    if not name:
        st.info("This network came without a data set, so there are no test images: upload a picture.")
        return None
    if name not in catalogue.available():
        st.info(
            f"The images of {name} are not on this machine. Get them on the Home page.",
            icon=":material/download:",
        )
        return None
    data = datasets.dataset(name)
    if data.classes != classes:
        st.info(
            f"The data set {name} here has other classes than this network was trained on: "
            "what it says of them can't be right or wrong.",
            icon=":material/difference:",
        )
        return None
    found = predictions.known(network, data)
    numbers = _wanted(data, found)
    predictions.offer(network, data, found)
    if not len(numbers):
        st.caption("There is no such image.")
        return None
    pages = -(-len(numbers) // _PAGE)
    page = 1
    if pages > 1:
        page = st.number_input(f"Page (of {pages:,})", 1, pages, key=f"image page {hash(numbers.tobytes())}")
    shown = numbers[(page - 1) * _PAGE : page * _PAGE]
    return choose(
        grid_pictures(data.test_images[shown]),
        [f"test.{number}" for number in shown],
        _labels(data, found, shown),
        current=current,
        what="test images",
    )


def _wanted(data: "Dataset", found: "Predictions | None") -> NDArray[np.int64]:
    """Numbers of the images that the controls ask for, in their order."""
    options = [_ANY, *range(len(data.classes))]
    first, second = st.columns(2)
    with first:
        truth = st.selectbox("Class", options, format_func=lambda c: _class(data, c), key="image class")
    if found is None:
        numbers = np.arange(len(data.test_labels))
        return numbers if truth == _ANY else numbers[data.test_labels[:] == truth]
    from cnnviz.explore.predictions import ORDERS

    with second:
        guess = st.selectbox(
            "Predicted as", options, format_func=lambda c: _class(data, c), key="image predicted"
        )
    outcome = st.segmented_control(
        "Prediction",
        list(_OUTCOMES),
        default="all",
        required=True,
        format_func=str.capitalize,
        key="image outcome",
        label_visibility="collapsed",
    )
    order = st.selectbox(
        "Order", list(ORDERS), format_func=lambda name: ORDERS[name].title, key="image order"
    )
    at = found.where(
        truth=None if truth == _ANY else truth,
        guess=None if guess == _ANY else guess,
        right=_OUTCOMES[outcome or "all"],
        order=order,
    )
    st.caption(
        f"{len(at):,} of the {len(found):,} test images predicted so far"
        f"{'' if len(found) < len(data.test_labels) else ' (all)'}. "
        f"Of these, {accuracy(float(found.right.mean()), len(found))} are right."
    )
    return found.numbers[at]


def _class(data: "Dataset", number: int) -> str:
    return "any" if number == _ANY else data.classes[number]


def _labels(data: "Dataset", found: "Predictions | None", numbers: NDArray[np.int64]) -> list[str]:
    """Truth, prediction and its probability of each image."""
    truths = [f"{data.classes[data.test_labels[number]]}, test image {number:,}" for number in numbers]
    if found is None:
        return truths
    at = np.searchsorted(found.numbers, numbers)
    return [
        f"{truth}: predicted {data.classes[guess]}, {per_cent(sure)}"
        for truth, guess, sure in zip(truths, found.guesses[at], found.sureness[at], strict=True)
    ]
