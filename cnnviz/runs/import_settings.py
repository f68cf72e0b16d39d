"""What weights don't tell of a network: images, classes, figures, padding and poolings; and what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviz.config import Network, RunConfig
from cnnviz.errors import ConfigError
from cnnviz.runs.network_file import NetworkFile

if TYPE_CHECKING:
    from cnnviz.models.layouts import Layout

TITLE = 80
"""Letters of a title."""
NUMBERED = "class {}"


@dataclass(frozen=True)
class ImportSettings:
    """What weights don't tell: how an image is shown to the network, and what its scores are called."""

    title: str
    side: int
    """Width and height of the images in pixels."""
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    data: str = ""
    """Data set whose test images go with it; empty for none."""
    options: tuple[tuple[str, Any], ...] = ()
    """Settings of the network that shapes don't tell."""


def usual(file: NetworkFile) -> ImportSettings:
    """What is said of a network for want of anything better: ImageNet's figures, and classes by number."""
    from cnnviz.models.torchvisions import imagenet_classes

    title = Path(file.source).stem[:TITLE] or "network"
    if file.card is not None:
        card = file.card
        return ImportSettings(title, card.image_shape[0], card.classes, card.mean, card.std, card.data)
    side, _, channels = file.match.image_shape
    count = file.match.classes
    names = imagenet_classes() if count == 1000 else tuple(NUMBERED.format(n) for n in range(count))
    mean, std = imagenet_figures(channels)
    return ImportSettings(title, side, names, mean, std)


def imagenet_figures(channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of ImageNet's images; for grey ones, of the three colours together."""
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    return (mean, std) if channels == 3 else ((sum(mean) / 3,), (sum(std) / 3,))


def fitting_data(*, classes: int, channels: int) -> list[str]:
    """Data sets on this machine with so many classes and channels."""
    from cnnviz.data import catalogue

    fitting = []
    for name in catalogue.available():
        entry = catalogue.entries().get(name)
        shape, count = (entry.shape, entry.classes) if entry else _measured(name)
        if count == classes and shape[2] == channels:
            fitting.append(name)
    return fitting


def _measured(name: str) -> tuple[tuple[int, int, int], int]:
    from cnnviz.data import catalogue

    data = catalogue.load(name)
    return data.image_shape, len(data.classes)


def layouts(file: NetworkFile, side: int | None = None) -> list[Layout]:
    """Paddings and poolings that a plain CNN may have, for images of that side or of any usual one."""
    from cnnviz.models.plain import layouts_at

    return layouts_at(file.match, side)


def with_layout(
    file: NetworkFile,
    reading: ImportSettings,
    *,
    side: int | None = None,
    padding: str | None = None,
    pool_after: tuple[int, ...] | None = None,
) -> ImportSettings:
    """`reading` with size, padding and poolings that go together: those that are given, else the likeliest.

    Where weights fit images of some sizes only, the data set's size has to be one of them, unless another is given.
    Raises ConfigError where nothing fits, or where the size can't be guessed.
    """
    match = file.match
    bound = file.card is None and bool(match.cells or match.fixed_size)
    wanted = side
    if side is None and reading.data and bound:
        height, width, _ = _measured(reading.data)[0]
        wanted = height
        fits = layouts(file, height) if match.cells else (height, width) == match.image_shape[:2]
        if height != width or not fits:
            raise ConfigError(
                f"The images of {reading.data} are {height} × {width}, which {file.source} can't have been made for: "
                "give the size that it reads, to have them resized."
            )
    if not match.cells:
        return replace(reading, side=wanted or reading.side)
    if wanted is None and match.unusual:
        raise ConfigError(
            f"{file.source} ends in {match.cells} × {match.cells} maps, to which no usual size of images leads: "
            "give the size, if the network has no strides and no global pooling."
        )
    known = layouts(file, wanted)
    fitting = [
        one for one in known if padding in (None, one.padding) and pool_after in (None, one.pool_after)
    ]
    if not fitting:
        raise ConfigError(
            f"These sizes do not lead to the {match.cells} × {match.cells} maps that {file.source} reads: "
            + (f"possible is {'; or '.join(map(str, known[:3]))}." if known else "give another size.")
        )
    likeliest = fitting[0]
    chosen = {"padding": likeliest.padding, "pool_after": likeliest.pool_after}
    return replace(reading, side=likeliest.side, options=tuple((dict(reading.options) | chosen).items()))


def with_data(reading: ImportSettings, data: str) -> ImportSettings:
    """`reading` with the class names, the test images and the figures of a data set on this machine."""
    import numpy as np

    from cnnviz.data import catalogue
    from cnnviz.data.split import channel_statistics

    found = catalogue.load(data)
    mean, std = channel_statistics(found.train_images, np.arange(len(found.train_labels)))
    return replace(
        reading,
        classes=tuple(found.classes),
        data=data,
        mean=tuple(round(float(value), 4) for value in mean),
        std=tuple(round(float(value), 4) for value in std),
    )


def assumptions(file: NetworkFile, reading: ImportSettings) -> tuple[str, ...]:
    """What is taken for granted of the network, as its weights don't tell it, a sentence each."""
    from cnnviz.models.plain import assumptions

    return assumptions(file.match, network_of(file.match.network, dict(reading.options)), reading.side)


def network_of(network: Network, options: Mapping[str, Any]) -> Network:
    """`network` with these options. Raises ConfigError."""
    values = network.model_dump() | {key: value for key, value in options.items() if value is not None}
    return RunConfig.parse({"network": values}).network


def figures(reading: ImportSettings) -> str:
    """What is taken for granted of images and classes, a sentence."""
    mean = ", ".join(f"{value:g}" for value in reading.mean)
    std = ", ".join(f"{value:g}" for value in reading.std)
    numbered = ", classes by number" if reading.classes[0] == NUMBERED.format(0) else ""
    return f"Taken for granted, since weights don't tell: mean {mean}, standard deviation {std}{numbered}."
