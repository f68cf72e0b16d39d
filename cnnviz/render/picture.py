"""One picture: an array of pixels as PNG bytes."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Colour = tuple[int, int, int]


def png(image: NDArray[np.uint8]) -> bytes:
    """PNG bytes of `image`: uint8, (H, W), (H, W, 1), (H, W, 3) or (H, W, 4). Nothing is lost.

    Raises ValueError for another type or shape.
    """
    pixels = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    if image.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
        raise ValueError(
            f"Not a picture: {image.dtype} {image.shape}. Give uint8 of shape (H, W, 1, 3 or 4)."
        )
    return _encoded(Image.fromarray(np.ascontiguousarray(pixels)))


def palette_png(
    indices: NDArray[np.uint8], colours: NDArray[np.uint8], *, transparent: int | None = None
) -> bytes:
    """PNG bytes of `indices` (H, W) into `colours` (256, 3), all uint8; `transparent` is one index."""
    picture = Image.fromarray(np.ascontiguousarray(indices))
    picture.putpalette(colours.tobytes())
    return _encoded(picture, transparency=transparent)


def keyed_png(image: NDArray[np.uint8], *, transparent: Colour) -> bytes:
    """PNG bytes of an RGB `image` (H, W, 3) in which every pixel of colour `transparent` is see-through."""
    return _encoded(Image.fromarray(np.ascontiguousarray(image)), transparency=transparent)


def enlarge(image: NDArray[np.uint8], *, to: int) -> NDArray[np.uint8]:
    """`image` with every pixel repeated, by the largest whole factor that keeps both sides within `to` px.

    A picture that is larger than that already comes back as it is. (H, W) or (H, W, C).
    """
    factor = max(1, to // max(image.shape[:2]))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def _encoded(picture: Image.Image, *, transparency: int | Colour | None = None) -> bytes:
    options = {} if transparency is None else {"transparency": transparency}
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1, **options)
    return file.getvalue()
