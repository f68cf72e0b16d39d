"""Choosing the image to look at: a built-in one, a test image by class, an upload or the camera."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.data import catalogue
from cnnviz.data.images import decode, fit
from cnnviz.errors import CnnvizError, NotFound
from cnnviz.explore.photos import photo_named, photos
from cnnviz.render.mosaic import grid_pictures
from cnnviz.ui import cache, selection
from cnnviz.ui.components.sprite import sprite

_PAGE = 60


@dataclass(frozen=True)
class Chosen:
    """The image that is looked at."""

    name: str
    """As in the address: photo.NAME, test.NUMBER or upload.HASH."""
    title: str
    pixels: NDArray[np.uint8]
    """(H, W, 1 or 3), before it is fitted to a network."""
    truth: int | None = None
    """Number of its class, where it is known."""


def chosen(data: str, *, grey: bool) -> Chosen:
    """The image that the address names; a built-in one where it names none, or one that is gone."""
    default = "photo.digit-3" if grey else "photo.frog"
    name = selection.get("image") or default
    try:
        found = _find(name, data)
    except CnnvizError as error:
        st.warning(f"{error} Showing another picture.", icon=":material/link_off:")
        found = _find(default, data)
    selection.put("image", found.name)
    return found


def picker(data: str, classes: tuple[str, ...], current: Chosen, *, grey: bool) -> None:
    """Controls that choose another image. The choice shows at the next run, which follows at once."""
    sources: dict[str, Callable[[], str | None]] = {
        "Built-in": lambda: _built_in(current, grey=grey),
        "Test set": lambda: _test_images(data, classes, current),
        "Upload": _upload,
        "Camera": _camera,
    }
    source = st.segmented_control(
        "Image from",
        list(sources),
        default="Built-in",
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
        selection.put("image", picked)
        st.rerun()


def _find(name: str, data: str) -> Chosen:
    kind, _, rest = name.partition(".")
    match kind:
        case "photo":
            photo = photo_named(rest)
            return Chosen(name, photo.title, photo.image())
        case "upload":
            return Chosen(name, "Your picture", cache.upload(rest))
        case "test" if data in catalogue.available():
            images = cache.dataset(data)
            if rest.isdecimal() and int(rest) < len(images.test_labels):
                number = int(rest)
                truth = int(images.test_labels[number])
                title = f"{images.classes[truth]}, test image {number:,}"
                return Chosen(name, title, np.array(images.test_images[number]), truth)
    raise NotFound("image", name, available=())


def _built_in(current: Chosen, *, grey: bool) -> str | None:
    fitting = "grey" if grey else "colour"
    shown = sorted(photos().values(), key=lambda photo: photo.kind != fitting)
    return _choose(
        np.stack([fit(photo.image(), 64, 64) for photo in shown]),
        [f"photo.{photo.name}" for photo in shown],
        [f"{photo.title} ({photo.credit})" for photo in shown],
        current,
        "built-in pictures",
    )


def _test_images(data: str, classes: tuple[str, ...], current: Chosen) -> str | None:
    if not data:
        st.info("This network came without a data set, so there are no test images: upload a picture.")
        return None
    if data not in catalogue.available():
        st.info(
            f"The images of {data} are not on this machine. Get them on the Home page.",
            icon=":material/download:",
        )
        return None
    images = cache.dataset(data)
    wanted = st.pills("Class", range(len(classes)), format_func=lambda c: classes[c], key="image class")
    numbers = np.arange(len(images.test_labels))
    if wanted is not None:
        numbers = numbers[images.test_labels[:] == wanted]
    pages = -(-len(numbers) // _PAGE)
    page = 1
    if pages > 1:
        page = st.number_input(f"Page, of {pages}", 1, pages, key=f"image page {wanted}")
    numbers = numbers[(page - 1) * _PAGE : page * _PAGE]
    labels = [f"{classes[images.test_labels[n]]}, test image {n:,}" for n in numbers]
    return _choose(
        images.test_images[numbers], [f"test.{n}" for n in numbers], labels, current, "test images"
    )


def _choose(
    pictures: NDArray[np.uint8], names: list[str], labels: list[str], current: Chosen, what: str
) -> str | None:
    index = sprite(
        grid_pictures(pictures),
        key=f"pick from {what}",
        tile=56,
        labels=labels,
        selected=names.index(current.name) if current.name in names else None,
        choice=True,
        alt=f"{len(names)} {what}: arrow keys walk, Enter chooses. {'; '.join(labels[:12])}",
    )
    return None if index is None else names[index]


def _upload() -> str | None:
    file = st.file_uploader(
        "PNG, JPEG, WebP or BMP",
        type=["png", "jpg", "jpeg", "webp", "bmp"],
        key="image upload",
        max_upload_size=64,
    )
    if file is None or st.session_state.get("upload taken") == file.file_id:
        return None
    name = f"upload.{cache.keep_upload(decode(file.getvalue()))}"
    st.session_state["upload taken"] = file.file_id
    return name


def _camera() -> str | None:
    shot = st.camera_input("Photograph", key="image camera", label_visibility="collapsed")
    if shot is None or st.session_state.get("shot taken") == shot.file_id:
        return None
    name = f"upload.{cache.keep_upload(decode(shot.getvalue()))}"
    st.session_state["shot taken"] = shot.file_id
    return name
