"""Images by the names that links, commands and reports give them: built in, or of a network's own test images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnviz.data import catalogue
from cnnviz.data.prepared import Dataset
from cnnviz.errors import CnnvizError, DataError, NotFound
from cnnviz.explore.inputs.builtin_images import photo_named, usual
from cnnviz.formatting import whole_number
from cnnviz.models.checkpoint import Card
from cnnviz.progress import Work


def usual_image(card: Card) -> str:
    """The name of a built-in image that suits a network."""
    return f"photo.{usual(grey=card.image_shape[2] == 1)}"


def image_named(name: str, card: Card) -> Work[NDArray[np.uint8]]:
    """Pixels (H, W, C) of photo.NAME, a built-in picture, or of test.NUMBER, of the network's data set.

    Raises NotFound, CnnvizError for a number that is not there, DataError as `data_of` does.
    """
    kind, _, rest = name.partition(".")
    if kind == "photo":
        return photo_named(rest).image()
    number = whole_number(rest) if kind == "test" else None
    if number is None:
        raise NotFound("image", name, available=["photo.NAME", "test.NUMBER"])
    data = yield from data_of(card, any_size=True)
    count = len(data.test_labels)
    if number >= count:
        raise CnnvizError(f"There is no test image {number:,}: {data.name} has test.0 to test.{count - 1}.")
    image: NDArray[np.uint8] = data.test_images[number]
    return image


def data_of(card: Card, *, any_size: bool = False) -> Work[Dataset]:
    """The data set that a network was trained on, made first if it needs no download.

    With `any_size` its images may have another size than the network reads.

    Raises DataError, saying how to get it, if it is not here, or is another one of the same name.
    """
    if not card.data:
        raise DataError(
            "This network was imported without a data set, so it has no test images: give a picture."
        )
    try:
        data = yield from catalogue.loading(card.data)
    except NotFound:
        raise DataError(
            f"The data set {card.data!r} is not here and can't be downloaded: import its pictures with "
            "`python -m cnnviz data import PATH --name NAME`, under that name."
        ) from None
    same_size = any_size or data.image_shape[:2] == card.image_shape[:2]
    if data.classes != card.classes or data.image_shape[2] != card.image_shape[2] or not same_size:
        size = "×".join(map(str, card.image_shape))
        raise DataError(
            f"The data set {card.data!r} here is another one: the network was trained on {size} images of "
            f"{len(card.classes)} classes ({', '.join(card.classes[:3])}, …)."
        )
    return data
