"""What a recipe that trains nothing has to show: how the maps of a trained network change with depth."""

from dataclasses import dataclass

from cnnviz.errors import CheckpointError
from cnnviz.recipes.recipe import LayerSeries


@dataclass(frozen=True)
class Depth:
    """The maps of one layer over a few photos."""

    layer: str
    channels: int
    side: int
    zeros: float
    """Share of values that are exactly 0."""
    spread: float
    """Share of a map's cells that hold half of what it sums to, in absolute values: small where it is localised."""


def depths(look: LayerSeries) -> list[Depth]:
    """The layers of `look`, over all photos that come with cnnviz. Loads torch.

    Raises CheckpointError or NotFound where the network or a layer is not there.
    """
    import numpy as np

    from cnnviz import workspace
    from cnnviz.explore.activations.activation_maps import channel_maps
    from cnnviz.explore.inputs.builtin_images import photos
    from cnnviz.explore.inputs.preprocessing import as_input
    from cnnviz.models import checkpoint

    path = workspace.snapshot_file(look.run, "last")
    if not path.exists():
        raise CheckpointError(
            f"The run {look.run} is not here: it comes with cnnviz, so fetch its folder again."
        )
    model, card = checkpoint.load(path)
    colour = [one.image() for one in photos().values() if one.kind == "colour"]
    inputs = [as_input(image, card).values for image in colour]
    found = []
    for layer in look.layers:
        maps = np.stack([channel_maps(model, values, layer) for values in inputs])
        cells = np.abs(maps).reshape(-1, maps.shape[2] * maps.shape[3])
        cells = np.sort(cells[cells.sum(1) > 0], axis=1)[:, ::-1]
        half = (cells.cumsum(1) < cells.sum(1, keepdims=True) / 2).sum(1) + 1
        found.append(
            Depth(
                layer,
                maps.shape[1],
                maps.shape[2],
                float((maps == 0).mean()),
                float(half.mean() / cells.shape[1]),
            )
        )
    return found
