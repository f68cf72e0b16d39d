"""The picture that a command looks at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cnnviz.cli import files, progress
from cnnviz.errors import ImageError
from cnnviz.formatting import whole_number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cnnviz.models.checkpoint import Card


def picture(text: str | None, card: Card) -> tuple[str, NDArray[np.uint8]]:
    """Name and pixels (H, W, C) of a built-in picture, a test image of the network's data set or a file."""
    from cnnviz.data.images import decode
    from cnnviz.explore.inputs.builtin_images import photos
    from cnnviz.explore.inputs.test_images import image_named, usual_image

    text = text or usual_image(card)
    kind, _, rest = text.partition(".")
    path = Path(text)
    test = kind == "test" and whole_number(rest) is not None
    if test or (kind == "photo" and (rest in photos() or not path.exists())):
        return text, progress.run(image_named(text, card), f"Preparing {card.data}")
    raw = files.content(path, what="picture")
    try:
        return text, decode(raw)
    except ImageError as error:
        raise ImageError(f"{path}: {error}") from None
