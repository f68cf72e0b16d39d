"""Images that a network was asked about, in some order: choose one for what the network says of it."""

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.charts import learning_curves
from cnnviz.formatting import per_cent, whole_number
from cnnviz.render.mosaic import grid_pictures
from cnnviz.render.picture import enlarge, png
from cnnviz.ui.mistakes import grad_cam
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import CLASSES, IMAGE
from cnnviz.ui.widgets.thumbnail_list import choose

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset
    from cnnviz.explore.predictions import Predictions

PREFIX = {"test": "test", "validation": "train"}
"""What the name of an image of a split begins with: validation images are some of the training images."""
_PAGE = 60
_SIDE = 192
_TOP = 5


def show(
    network: SelectedNetwork,
    data: "Dataset | None",
    found: "Predictions",
    places: NDArray[np.integer],
    *,
    split: str,
    what: str,
    of: int | None = None,
) -> None:
    """The images at `places`, in that order, and the chosen one; `what` they are, for their heading.

    They are some `of` so many; of all that the network was asked about, if that is not given.
    """
    count = len(places)
    st.markdown(f"**{what}**: {count:,} of {of or len(found):,} {split} images")
    if not count:
        st.caption("There is none.")
        return
    names = network.card.classes
    if data is None:
        st.info(
            f"The images of {network.card.data} are not on this machine: get them on the Home page. "
            "The figures need none.",
            icon=":material/download:",
        )
    else:
        _thumbnails(network, data, found, places, split)
    st.download_button(
        "CSV",
        lambda: _csv(found, places, names, split),
        f"{network.run.id}-{split}-{what}.csv".lower().replace(" ", "-").replace(",", ""),
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="gallery csv",
    )
    chosen = _chosen(found, places, split)
    if chosen is None:
        if data is not None:
            st.caption("Choose an image: what the network says of it, and what its layers make of it.")
        return
    _detail(network, data, found, chosen, split)


def _thumbnails(
    network: SelectedNetwork, data: "Dataset", found: "Predictions", places: NDArray[np.integer], split: str
) -> None:
    pages = -(-len(places) // _PAGE)
    page = 1
    if pages > 1:
        page = st.number_input(
            f"Page (of {pages:,})", 1, pages, key=f"gallery page {split} {hash(places.tobytes())}", width=140
        )
    shown = places[(page - 1) * _PAGE : page * _PAGE]
    names, prefix = network.card.classes, PREFIX[split]
    labels = [
        f"{names[label]}, {split} image {number:,}: predicted {names[guess]}, {per_cent(sure)}"
        for number, label, guess, sure in zip(
            found.numbers[shown],
            found.labels[shown],
            found.guesses[shown],
            found.sureness[shown],
            strict=True,
        )
    ]
    images = data.test_images if split == "test" else data.train_images
    picked = choose(
        grid_pictures(images[found.numbers[shown]]),
        [f"{prefix}.{number}" for number in found.numbers[shown]],
        labels,
        current=selection.peek(IMAGE) or "",
        what=f"{split} images",
    )
    if picked and picked != selection.peek(IMAGE):
        selection.put(IMAGE, picked)
        st.rerun()


def _chosen(found: "Predictions", places: NDArray[np.integer], split: str) -> int | None:
    """The place of the image that the address names, if it is among these."""
    at = place(found, selection.peek(IMAGE) or "", split)
    return at if at is not None and at in places else None


def place(found: "Predictions", name: str, split: str) -> int | None:
    """The place in the predictions of an image that is named as in the address, if it is one of theirs."""
    kind, _, number = name.partition(".")
    if kind != PREFIX[split] or whole_number(number) is None:
        return None
    at = np.flatnonzero(found.numbers == int(number))
    return int(at[0]) if len(at) else None


def _detail(
    network: SelectedNetwork, data: "Dataset | None", found: "Predictions", place: int, split: str
) -> None:
    """One image, true and predicted class, and where to go from here."""
    names = network.card.classes
    number, label = int(found.numbers[place]), int(found.labels[place])
    shares = found.probabilities[place]
    guess = int(shares.argmax())
    with st.container(border=True):
        left, right = st.columns([2, 5], gap="medium")
        if data is not None:
            pixels = (data.test_images if split == "test" else data.train_images)[number]
            colour = pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)
            left.image(
                png(enlarge(np.ascontiguousarray(colour), to=_SIDE)),
                caption=f"{split.capitalize()} image {number:,}",
                output_format="PNG",
                alt=f"{split} image {number}, a {names[label]}, enlarged",
            )
        with right:
            outcome = "which is right" if guess == label else f"but it is labelled **{names[label]}**"
            st.markdown(
                f"Taken for **{names[guess]}** ({per_cent(shares[guess])}), {outcome} ({per_cent(shares[label])})"
            )
            order = np.argsort(-shares)[:_TOP].tolist()
            if label not in order:
                order = [*order[:-1], label]
            st.altair_chart(
                learning_curves.probabilities(
                    [names[one] for one in order], [float(shares[one]) for one in order]
                ),
                alt="Probabilities: " + ", ".join(f"{names[one]} {per_cent(shares[one])}" for one in order),
            )
        image = f"{PREFIX[split]}.{number}"
        if data is not None:
            classes = {guess: "predicted"} if guess == label else {guess: "predicted", label: "its label"}
            grad_cam.show(network, image, pixels, classes)
        _links(network, image, label, guess)


def _links(network: SelectedNetwork, image: str, label: int, guess: int) -> None:
    classes = [str(one) for one in dict.fromkeys([guess, label])]
    with st.container(horizontal=True):
        st.page_link(
            "pages/activations.py",
            label="What its layers make of it",
            icon=":material/blur_on:",
            query_params=network.link | selection.link({IMAGE: image}),
        )
        st.page_link(
            "pages/attribution.py",
            label="Which pixels say so, by other methods",
            icon=":material/troubleshoot:",
            query_params=network.link | selection.link({IMAGE: image, CLASSES: classes}),
        )


def _csv(found: "Predictions", places: NDArray[np.integer], names: tuple[str, ...], split: str) -> str:
    content = io.StringIO()
    rows = csv.writer(content)
    rows.writerow(["image", "class", "predicted", "probability", "probability of class"])
    for place in places:
        label, guess = int(found.labels[place]), int(found.guesses[place])
        rows.writerow(
            [
                f"{PREFIX[split]}.{found.numbers[place]}", names[label], names[guess],
                f"{found.sureness[place]:.6f}", f"{found.probabilities[place, label]:.6f}",
            ]
        )  # fmt: skip
    return content.getvalue()
