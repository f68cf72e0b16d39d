"""Choosing the image to look at: a built-in one, a test image by class, an upload or the camera."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.data import catalogue
from cnnviz.data.images import Decoded, fit
from cnnviz.errors import CnnvizError
from cnnviz.explore.inputs.builtin_images import photo_named, photos, usual
from cnnviz.formatting import quoted, whole_number
from cnnviz.render.mosaic import Mosaic, grid_pictures
from cnnviz.ui.resources import datasets, uploads
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameter import Parameter
from cnnviz.ui.shell.parameters import IMAGE
from cnnviz.ui.widgets import image_upload, test_image_picker
from cnnviz.ui.widgets.thumbnail_list import choose


@dataclass(frozen=True)
class SelectedImage:
    """The image that is looked at."""

    name: str
    """As in the address: photo.NAME, test.NUMBER, train.NUMBER or upload.HASH."""
    title: str
    pixels: NDArray[np.uint8]
    """(H, W, 1 or 3), before it is fitted to a network."""
    truth: int | None = None
    """Number of its class, where it is known."""
    decoded: Decoded | None = None
    """What was done to the file, where it came as one."""


def image(
    data: str, *, grey: bool, parameter: Parameter[str] = IMAGE, default: str | None = None
) -> SelectedImage:
    """The image that the address names; a built-in one where it names none, or one that is gone."""
    default = default or f"photo.{usual(grey=grey)}"
    name = selection.peek(parameter) or default
    try:
        found = _find(name, data)
    except CnnvizError as error:
        selection.note(parameter, quoted(f"{error} Showing another picture.", most=300))
        found = _find(default, data)
    selection.put(parameter, found.name)
    return found


def picker(network: SelectedNetwork, current: SelectedImage, *, parameter: Parameter[str] = IMAGE) -> None:
    """Controls that choose another image. The choice shows at the next run, which follows at once."""
    sources: dict[str, Callable[[], str | None]] = {
        "Built-in": lambda: _built_in(current.name, grey=network.grey),
        "Test set": lambda: test_image_picker.pick(network, current.name),
        "Upload": lambda: image_upload.upload(current.name),
        "Camera": lambda: image_upload.camera(current.name),
    }
    opens = {"test": "Test set", "upload": "Upload"}.get(current.name.partition(".")[0], "Built-in")
    source = st.segmented_control(
        "Image from",
        list(sources),
        default=opens,
        required=True,
        key="image source",
        label_visibility="collapsed",
    )
    try:
        picked = sources[source or "Built-in"]()
    except CnnvizError as error:
        st.error(str(error), icon=":material/error:")
        return
    if picked and picked != current.name:
        selection.put(parameter, picked)
        st.rerun()


def _find(name: str, data: str) -> SelectedImage:
    kind, _, rest = name.partition(".")
    match kind:
        case "photo":
            photo = photo_named(rest)
            return SelectedImage(name, photo.title, photo.image())
        case "upload":
            found = uploads.get(rest)
            return SelectedImage(name, found.title, found.pixels, decoded=found.decoded)
        case "test" | "train" if data in catalogue.available():
            dataset = datasets.dataset(data)
            images, labels, what = {
                "test": (dataset.test_images, dataset.test_labels, "test"),
                "train": (dataset.train_images, dataset.train_labels, "training"),
            }[kind]
            number = whole_number(rest)
            if number is not None and number < len(labels):
                truth = int(labels[number])
                title = f"{dataset.classes[truth]}, {what} image {number:,}"
                return SelectedImage(name, title, np.array(images[number]), truth)
            raise CnnvizError(f"There is no {what} image {rest[:40]!r}: {data} has 0 to {len(labels) - 1:,}.")
    raise CnnvizError(f"There is no image {name[:40]!r} here.")


def _built_in(current: str, *, grey: bool) -> str | None:
    fitting = "grey" if grey else "colour"
    shown = sorted(photos().values(), key=lambda photo: photo.kind != fitting)
    return choose(
        _small(tuple(photo.name for photo in shown)),
        [f"photo.{photo.name}" for photo in shown],
        [f"{photo.title} ({photo.credit})" for photo in shown],
        current=current,
        what="built-in pictures",
    )


@lru_cache(maxsize=2)
def _small(names: tuple[str, ...]) -> Mosaic:
    """Built-in pictures in one."""
    return grid_pictures(np.stack([fit(photo_named(name).image(), 64, 64) for name in names]))
