"""Pictures to start with, before any data set is there: photographs, handwritten digits and drawings.

Nothing is downloaded. Drawings lie in `pictures/`. The photographs and digits come with packages that cnnviz
needs anyway; one that a package no longer brings is left out.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnviz.errors import NotFound

_FOLDER = Path(__file__).with_name("pictures")
_DRAWINGS = {"airplane": "Airplane", "ship": "Ship", "car": "Car", "frog": "Frog"}
_CC_BY = "Creative Commons BY 2.0, by way of scikit-learn"


@dataclass(frozen=True)
class Photo:
    """A built-in picture."""

    name: str
    title: str
    credit: str
    kind: Literal["colour", "grey"]
    """What network it suits: grey ones are white on black, 28 × 28, like MNIST."""
    load: Callable[[], NDArray[np.uint8]] = field(repr=False, compare=False)

    def image(self) -> NDArray[np.uint8]:
        """The pixels: uint8, (H, W, 3), read-only; made at the first call, then kept."""
        return self.load()


@cache
def photos() -> dict[str, Photo]:
    """The built-in pictures by name, drawings first."""
    found = [
        Photo(name, title, "Drawn for cnnviz", "colour", cache(partial(_decoded, _FOLDER / f"{name}.png")))
        for name, title in _DRAWINGS.items()
    ]
    flower = _file_of("sklearn", "datasets/images/flower.jpg")
    if flower:
        credit = f"vultilion on Flickr, {_CC_BY}"
        found.append(Photo("flower", "Flower", credit, "colour", cache(partial(_decoded, flower))))
    china = _file_of("sklearn", "datasets/images/china.jpg")
    if china:
        credit = f"Daniel Buechele on Flickr, {_CC_BY}"
        found.append(Photo("china", "Summer Palace", credit, "colour", cache(partial(_decoded, china))))
    hopper = _file_of("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
    if hopper:
        credit = "US Navy, public domain, by way of Matplotlib"
        found.append(Photo("hopper", "Grace Hopper", credit, "colour", cache(partial(_decoded, hopper))))
    digits = _file_of("sklearn", "datasets/data/digits.csv.gz")
    if digits:
        credit = (
            "UCI Optical Recognition of Handwritten Digits (E. Alpaydin, C. Kaynak), by way of scikit-learn"
        )
        for digit in range(10):
            load = cache(partial(_digit, digits, digit))
            found.append(Photo(f"digit-{digit}", f"Handwritten {digit}", credit, "grey", load))
    return {photo.name: photo for photo in found}


def usual(*, grey: bool) -> str:
    """The name of the picture to begin with."""
    return "digit-3" if grey else "frog"


def photo_named(name: str) -> Photo:
    """The built-in picture called `name`. Raises NotFound, which names those that exist."""
    if name not in photos():
        raise NotFound("picture", name, available=photos())
    return photos()[name]


def _file_of(package: str, path: str) -> Path | None:
    """A file that comes with a package, without importing it (scikit-learn takes a second)."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / path
    return file if file.is_file() else None


def _decoded(path: Path) -> NDArray[np.uint8]:
    with Image.open(path, formats=("PNG", "JPEG")) as picture:
        return _read_only(np.array(picture.convert("RGB")))


def _digit(path: Path, digit: int) -> NDArray[np.uint8]:
    """The first `digit` of the set: 8 × 8 values enlarged to 20 × 20, centred in 28 × 28 as in MNIST."""
    with gzip.open(path, "rt") as lines:
        rows = (line.split(",") for line in lines)
        values = next(row[:64] for row in rows if int(float(row[64])) == digit)
    strokes = np.array(values, np.float32).reshape(8, 8) * (255 / 16)
    large = Image.fromarray(strokes).resize((20, 20), Image.Resampling.BICUBIC)
    image = np.zeros((28, 28, 3), np.uint8)
    image[4:24, 4:24] = np.asarray(large).round().clip(0, 255).astype(np.uint8)[..., None]
    return _read_only(image)


def _read_only(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image.flags.writeable = False
    return image
