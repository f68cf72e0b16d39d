"""Small pictures to choose one from."""

from cnnviz.render.mosaic import Mosaic
from cnnviz.ui.widgets.mosaic_canvas import sprite

_TILE = 56


def choose(pictures: Mosaic, names: list[str], labels: list[str], *, current: str, what: str) -> str | None:
    """The name of the picture that was just chosen, if one was; draws `pictures`."""
    index = sprite(
        pictures,
        key=f"pick from {what}",
        tile=_TILE,
        labels=labels,
        selected=names.index(current) if current in names else None,
        choice=True,
        alt=f"{len(names)} {what}: arrow keys walk, Enter chooses. {'; '.join(labels[:12])}",
    )
    return None if index is None else names[index]
