"""Choosing a map: layer, method, how many images, and what colours stand for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.diagnosis.embedding import METHODS
from cnnviz.registry import Entry
from cnnviz.render import marks
from cnnviz.render.marks import Marks
from cnnviz.ui.mistakes import embeddings, parameters
from cnnviz.ui.mistakes.embeddings import EmbeddingRequest
from cnnviz.ui.mistakes.evaluation import Evaluation
from cnnviz.ui.resources import networks
from cnnviz.ui.shell import selection

QUICK = 500
"""Images of a map that is made at once."""
_COUNTS = (QUICK, 2_000)
_MOST = 10_000
"""Points that are still told apart, and drawn without a wait."""
_NETWORK = "map of"


@dataclass(frozen=True)
class Colouring(Entry):
    """What colours of points stand for."""

    of: Callable[[Evaluation, NDArray[np.intp]], Marks]
    """By places in the predictions."""


def _classes(asked: Evaluation, places: NDArray[np.intp]) -> Marks:
    return marks.by_class(asked.found.labels[places], asked.found.right[places], asked.names)


def _outcomes(asked: Evaluation, places: NDArray[np.intp]) -> Marks:
    return marks.by_outcome(asked.found.right[places])


def _confidence(asked: Evaluation, places: NDArray[np.intp]) -> Marks:
    found = asked.found
    return marks.by_confidence(found.sureness[places], found.right[places], len(asked.names))


COLOURINGS: Mapping[str, Colouring] = {
    "class": Colouring("Class", _classes),
    "outcome": Colouring("Right or wrong", _outcomes),
    "confidence": Colouring("Confidence", _confidence),
}


def choose(asked: Evaluation) -> tuple[EmbeddingRequest, NDArray[np.intp], str]:
    """The map that is asked for, the places of its images in the predictions, and the name of the colouring."""
    from cnnviz.explore.predictions import some_of

    _forget(asked)
    network = asked.network
    listed = networks.layers(network.stamp, network.run.config.freeze)
    names = {
        layer.name: f"{layer.index + 1}. {layer.name} · {layer.kind} · {' × '.join(map(str, layer.output_shape))}"
        for layer in listed
        if not layer.idle
    }
    total = len(asked.found)
    counts = [str(one) for one in _COUNTS if one < total] + [str(min(total, _MOST))]
    first, second, third = st.columns([4, 3, 4], vertical_alignment="bottom")
    with first:
        layer = selection.selectbox(
            parameters.FEATURES,
            list(names),
            default=embeddings.penultimate(listed),
            words=lambda one: names[one],
        )
    with second:
        count = selection.selectbox(
            parameters.MAP_IMAGES, counts, default=counts[0], words=_words(asked, total)
        )
    with third:
        by = selection.segmented(
            parameters.COLOUR, list(COLOURINGS), default="class", words=lambda one: COLOURINGS[one].title
        )
    places = some_of(total, int(count))
    method, options = _method(len(places))
    found = asked.found
    request = EmbeddingRequest(
        network, asked.split, layer, found.numbers[places], found.labels[places], method, options
    )
    return request, places, by


def _method(count: int) -> tuple[str, dict[str, int]]:
    """The way to lay them out, and what it is told."""
    left, right = st.columns([4, 3], vertical_alignment="bottom")
    with left:
        method = selection.segmented(
            parameters.METHOD,
            list(METHODS),
            default="pca",
            words=lambda one: METHODS[one].title + (" (not installed)" if METHODS[one].missing else ""),
        )
    chosen = {}
    with right:
        for name, option in METHODS[method].options.items():
            possible = [str(one) for one in option.possible(count)]
            nearest = min(possible, key=lambda one, wanted=option.default: abs(int(one) - wanted))  # type: ignore[misc]
            parameter = parameters.of_method(method)[name]
            chosen[name] = int(
                selection.selectbox(parameter, possible, default=nearest, title=option.title, explicit=False)
            )
    return method, chosen


def _words(asked: Evaluation, total: int) -> Callable[[str], str]:
    return lambda count: (
        f"{'all ' if int(count) == total and asked.whole else ''}{int(count):,} {asked.split} images"
    )


def _forget(asked: Evaluation) -> None:
    """Drop what was chosen for another network, before it is warned of."""
    now = (asked.network.run.id, asked.split, len(asked.found))
    before = st.session_state.get(_NETWORK)
    st.session_state[_NETWORK] = now
    if before is not None and before != now:
        selection.drop(parameters.FEATURES, parameters.MAP_IMAGES)
