"""The image as the network reads it, and what the network says it is."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnnviz.render.picture import enlarge, png
from cnnviz.ui import cache, charts
from cnnviz.ui.components.image_picker import Chosen
from cnnviz.ui.components.network_picker import LookedAt

if TYPE_CHECKING:
    from cnnviz.explore.inputs import Input

_SIDE = 256
_TOP = 5


def show(looked_at: LookedAt, image: Chosen) -> "Input":
    """Draw both; gives the image as it is fed."""
    invert = False
    if looked_at.grey and image.truth is None:
        invert = st.toggle("Invert (for dark ink on light paper)", key="invert image")
    seen = cache.network_input(looked_at.stamp, image.name, image.pixels, invert)
    probabilities = cache.prediction(looked_at.stamp, seen.values)
    order = np.argsort(-probabilities)[:_TOP]
    classes = looked_at.card.classes
    height, width, channels = seen.pixels.shape
    pixels = seen.pixels if channels == 3 else np.repeat(seen.pixels, 3, axis=2)
    st.image(
        png(enlarge(pixels, to=_SIDE)),
        caption=f"{image.title}, as the network reads it: {width} × {height}, {'grey' if channels == 1 else 'colour'}",
        output_format="PNG",
        alt=f"{image.title}, {width} by {height} pixels, enlarged",
    )
    st.markdown(f"Looks like **{classes[order[0]]}**{_verdict(int(order[0]), image, classes)}")
    st.altair_chart(
        charts.probabilities(
            [classes[index] for index in order], [float(probabilities[index]) for index in order]
        ),
        alt="Probabilities: " + ", ".join(f"{classes[i]} {probabilities[i]:.1%}" for i in order),
    )
    return seen


def _verdict(guess: int, image: Chosen, classes: tuple[str, ...]) -> str:
    if image.truth is None:
        return ""
    return ", which is right" if guess == image.truth else f", but it is **{classes[image.truth]}**"
