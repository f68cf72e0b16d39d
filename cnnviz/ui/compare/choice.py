"""The two sides of a comparison: two images, two epochs or two networks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from cnnviz.ui.compare.parameters import EPOCH_B, RUN_B, SNAPSHOT_B
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import IMAGE, IMAGE_B, WITH
from cnnviz.ui.widgets import image_picker, prediction, snapshot_picker
from cnnviz.ui.widgets.image_picker import SelectedImage
from cnnviz.ui.widgets.network_picker import pick_network

if TYPE_CHECKING:
    from cnnviz.explore.inputs.preprocessing import Input


@dataclass(frozen=True)
class Side:
    """One of the two that are compared."""

    letter: str
    title: str
    network: SelectedNetwork
    image: SelectedImage
    seen: "Input"

    @property
    def link(self) -> dict[str, str]:
        """The part of an address that shows it on other pages."""
        return self.network.link | selection.link({IMAGE: self.image.name})


@dataclass(frozen=True)
class Kind:
    """What differs between the two sides."""

    title: str
    second: Callable[[SelectedNetwork, SelectedImage], tuple[SelectedNetwork, SelectedImage, str]]
    """Controls that choose the second side: its network, its image and what to call it."""
    first: Callable[[SelectedNetwork, SelectedImage], str]
    """What to call the first side."""


def _other_image(
    network: SelectedNetwork, image: SelectedImage
) -> tuple[SelectedNetwork, SelectedImage, str]:
    other = image_picker.image(
        network.card.data, grey=network.grey, parameter=IMAGE_B, default=_another(image, network)
    )
    with st.popover("Choose images", icon=":material/image:"):
        side = st.segmented_control(
            "Choose",
            ["A", "B"],
            default="B",
            required=True,
            key="side of image",
        )
        current, parameter = (image, IMAGE) if side == "A" else (other, IMAGE_B)
        image_picker.picker(network, current, parameter=parameter)
    return network, other, other.title


def _other_epoch(
    network: SelectedNetwork, image: SelectedImage
) -> tuple[SelectedNetwork, SelectedImage, str]:
    names = snapshot_picker.in_order(network.run.snapshots())
    snapshot = snapshot_picker.pick(network.run, parameter=EPOCH_B, default=names[0], follow=False)
    return network.at(snapshot), image, snapshot_picker.title(snapshot)


def _other_network(
    network: SelectedNetwork, image: SelectedImage
) -> tuple[SelectedNetwork, SelectedImage, str]:
    other = pick_network(parameters=(RUN_B, SNAPSHOT_B), avoid=network.run.id)
    assert other is not None  # the first one is there
    return other, image, other.run.title


def _another(image: SelectedImage, network: SelectedNetwork) -> str:
    """A built-in picture that is not the one looked at."""
    fitting = ("photo.digit-3", "photo.digit-8") if network.grey else ("photo.frog", "photo.ship")
    return next(name for name in fitting if name != image.name)


_KINDS: Mapping[str, Kind] = {
    "image": Kind("Another image", _other_image, lambda network, image: image.title),
    "epoch": Kind(
        "Another epoch",
        _other_epoch,
        lambda network, image: snapshot_picker.title(network.snapshot),
    ),
    "network": Kind("Another network", _other_network, lambda network, image: network.run.title),
}


def pick() -> tuple[Side, Side] | None:
    """The two sides, by controls; None, with a hint on the page, while there is nothing to compare."""
    network = pick_network()
    if network is None:
        return None
    image = image_picker.image(network.card.data, grey=network.grey)
    kept = len(network.run.snapshots()) > 1
    name = selection.segmented(WITH, list(_KINDS), default="epoch" if kept else "image", words=_title)
    if name == "epoch" and not kept:
        st.info("Only the last weights of this run are kept: compare with another image or network.")
        return None
    kind = _KINDS[name]
    other, other_image, title = kind.second(network, image)
    return _side("A", kind.first(network, image), network, image), _side("B", title, other, other_image)


def _title(name: str) -> str:
    return _KINDS[name].title


def _side(letter: str, title: str, network: SelectedNetwork, image: SelectedImage) -> Side:
    return Side(letter, title, network, image, prediction.as_read(network, image))
