"""The image as the network reads it, and what the network says it is."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.charts import learning_curves
from cnnviz.data.fitting import DEFAULT, WAYS
from cnnviz.formatting import per_cent
from cnnviz.render.picture import enlarge, png
from cnnviz.ui.resources import networks
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import FIT, INVERT
from cnnviz.ui.widgets import input_size, preprocessing
from cnnviz.ui.widgets.image_picker import SelectedImage

if TYPE_CHECKING:
    from cnnviz.explore.inputs.preprocessing import Input

_SIDE = 256
_INVERT = "invert image"
_TOP = 5


def show(network: SelectedNetwork, image: SelectedImage) -> "Input":
    """Draw both; gives the image as it is fed."""
    picture = st.container()
    size = input_size.pick(network)
    way = _way(network, image)
    inverted = _inverted(network, image)
    seen = networks.network_input(network.stamp, image.name, image.pixels, inverted, size=size, way=way)
    with picture:
        _draw(network, image, seen)
        probabilities = networks.prediction(network.stamp, seen.values)
        if size is None:
            _say(network, image, probabilities)
        else:
            usual = networks.network_input(network.stamp, image.name, image.pixels, inverted, way=way)
            trained = networks.prediction(network.stamp, usual.values)
            _headline(network, image, probabilities)
            input_size.compare(network, size, probabilities, trained)
    if why := input_size.why_not(network):
        st.caption(f"It can be looked at in this size only: {why}")
    preprocessing.show(network, image, seen, way=way, inverted=inverted)
    return seen


def as_read(network: SelectedNetwork, image: SelectedImage) -> "Input":
    """The image as `show` feeds it, at the size and in the way that are selected, without any controls."""
    way = selection.value(FIT, WAYS.__contains__) if _has_ways(network, image) else DEFAULT
    return networks.network_input(
        network.stamp,
        image.name,
        image.pixels,
        _may_invert(network, image) and selection.value(INVERT) is True,
        size=input_size.selected(network),
        way=way or DEFAULT,
    )


def _draw(network: SelectedNetwork, image: SelectedImage, seen: "Input") -> None:
    height, width, channels = seen.pixels.shape
    pixels = seen.pixels if channels == 3 else np.repeat(seen.pixels, 3, axis=2)
    st.image(
        png(enlarge(pixels, to=_SIDE)),
        caption=f"{image.title}, as the network reads it: {width} × {height}, {'grey' if channels == 1 else 'colour'}",
        output_format="PNG",
        alt=f"{image.title}, {width} by {height} pixels, enlarged",
    )


def _headline(network: SelectedNetwork, image: SelectedImage, probabilities: NDArray[np.float64]) -> None:
    guess, classes = int(probabilities.argmax()), network.card.classes
    st.markdown(f"Looks like **{classes[guess]}**{_verdict(guess, image, classes)}")


def _say(network: SelectedNetwork, image: SelectedImage, probabilities: NDArray[np.float64]) -> None:
    """The likeliest classes."""
    _headline(network, image, probabilities)
    order = np.argsort(-probabilities)[:_TOP]
    classes = network.card.classes
    st.vega_lite_chart(
        _chart(
            tuple(classes[index] for index in order), tuple(float(probabilities[index]) for index in order)
        ),
        alt="Probabilities: " + ", ".join(f"{classes[i]} {per_cent(probabilities[i])}" for i in order),
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _chart(classes: tuple[str, ...], shares: tuple[float, ...]) -> dict[str, Any]:
    """The specification, as making it takes longer than anything else here, and other layers don't change it."""
    return learning_curves.probabilities(classes, shares).to_dict()


def _way(network: SelectedNetwork, image: SelectedImage) -> str:
    """How the picture is fitted: a choice where its shape is another than the network's."""
    if not _has_ways(network, image):
        return DEFAULT
    return selection.selectbox(FIT, list(WAYS), default=DEFAULT, words=lambda name: WAYS[name].title)


def _has_ways(network: SelectedNetwork, image: SelectedImage) -> bool:
    height, width, _ = network.card.image_shape
    rows, columns = image.pixels.shape[:2]
    return bool(rows * width != columns * height)


def _may_invert(network: SelectedNetwork, image: SelectedImage) -> bool:
    return network.grey and image.truth is None


def _inverted(network: SelectedNetwork, image: SelectedImage) -> bool:
    """Whether black and white are swapped: a choice for pictures that are not the data set's own."""
    if not _may_invert(network, image):
        return False
    st.session_state[_INVERT] = selection.value(INVERT, otherwise="it is not inverted") is True
    return st.toggle("Invert (for dark ink on light paper)", key=_INVERT, on_change=_take_invert)


def _take_invert() -> None:
    if st.session_state[_INVERT]:
        selection.put(INVERT, True)
    else:
        selection.drop(INVERT)


def _verdict(guess: int, image: SelectedImage, classes: tuple[str, ...]) -> str:
    if image.truth is None:
        return ""
    return ", which is right" if guess == image.truth else f", but it is **{classes[image.truth]}**"
