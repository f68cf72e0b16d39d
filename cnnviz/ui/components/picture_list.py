"""Small pictures to choose one from."""

import numpy as np
from numpy.typing import NDArray

from cnnviz.render.mosaic import grid_pictures
from cnnviz.ui.components.sprite import sprite

_TILE = 56


def choose(
    pictures: NDArray[np.uint8], names: list[str], labels: list[str], *, current: str, what: str
) -> str | None:
    """The name of the picture that was just chosen, if one was; draws `pictures`, (N, H, W, 1 or 3)."""
    index = sprite(
        grid_pictures(pictures),
        key=f"pick from {what}",
        tile=_TILE,
        labels=labels,
        selected=names.index(current) if current in names else None,
        choice=True,
        alt=f"{len(names)} {what}: arrow keys walk, Enter chooses. {'; '.join(labels[:12])}",
    )
    return None if index is None else names[index]
