"""The picture that a command looks at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cnnviz.cli import checkpoint, files
from cnnviz.errors import CnnvizError, ImageError
from cnnviz.formatting import whole_number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cnnviz.models.checkpoint import Card


def picture(text: str | None, card: Card) -> tuple[str, NDArray[np.uint8]]:
    """Name and pixels (H, W, C) of a built-in picture, a test image of the network's data set or a file."""
    from cnnviz.data.images import decode
    from cnnviz.explore.inputs.builtin_images import photo_named, photos

    text = text or ("photo.digit-3" if card.image_shape[2] == 1 else "photo.frog")
    kind, _, rest = text.partition(".")
    if kind == "test" and (number := whole_number(rest)) is not None:
        return text, _test_image(number, card)
    path = Path(text)
    if kind == "photo" and (rest in photos() or not path.exists()):
        return text, photo_named(rest).image()
    raw = files.content(path, what="picture")
    try:
        return text, decode(raw)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from None


def _test_image(number: int, card: Card) -> NDArray[np.uint8]:
    data = checkpoint.data_of(card, any_size=True)
    count = len(data.test_labels)
    if number >= count:
        raise CnnvizError(f"There is no test image {number:,}: {data.name} has test.0 to test.{count - 1}.")
    image: NDArray[np.uint8] = data.test_images[number]
    return image
