"""What a network makes of a built-in picture at a few layers: stored beside its weights, seen before torch is loaded.

`python -m cnnviz.explore.showcase RUN …` makes it again.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from cnnviz import atomic, workspace
from cnnviz.errors import CnnvizError
from cnnviz.explore.inputs.builtin_images import photo_named, usual

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.explore.layers.structure import Layer
    from cnnviz.models.checkpoint import Card

LAYERS = 4
"""Most layers that are part of it."""
CHANNELS = 9
"""Most maps of each."""


@dataclass(frozen=True, eq=False)
class Showcase:
    """A picture, what the network says of it, and maps on the way there."""

    photo: str
    """The built-in picture's name."""
    pixels: NDArray[np.uint8]
    """(H, W, C), as the network reads it."""
    label: str
    """The likeliest class …"""
    probability: float
    """… and how likely it is, 0 to 1."""
    maps: dict[str, NDArray[np.float32]]
    """The first channels (C, H, W) of a few layers by name, early to late; empty where layers have no maps."""


def compute(model: nn.Module, card: Card) -> Showcase:
    """The showcase of a network in evaluation mode."""
    from cnnviz.explore.activations.activation_maps import layer_maps, predict
    from cnnviz.explore.inputs.preprocessing import as_input
    from cnnviz.explore.layers.structure import layers

    photo = usual(grey=card.image_shape[2] == 1)
    image = as_input(photo_named(photo).image(), card)
    names = _spread_out(layers(model, image.shape, frozen=frozenset()))
    maps = layer_maps(model, image.values, layers=names)
    probabilities = predict(model, image.values)
    return Showcase(
        photo=photo,
        pixels=image.pixels,
        label=card.classes[int(probabilities.argmax())],
        probability=float(probabilities.max()),
        maps={name: maps[name][:CHANNELS] for name in names},
    )


def read(run: str, snapshot: str) -> Showcase | None:
    """What is stored for a snapshot; None unless it is of these very weights and of the picture as it is now.

    Needs no torch.
    """
    try:
        with np.load(workspace.showcase_file(run, snapshot), allow_pickle=False) as stored:
            photo = str(stored["photo"])
            if str(stored["digest"]) != _digest(run, snapshot, photo):
                return None
            return Showcase(
                photo=photo,
                pixels=stored["pixels"],
                label=str(stored["label"]),
                probability=float(stored["probability"]),
                maps={name: stored[f"maps.{name}"] for name in stored["layers"].tolist()},
            )
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, CnnvizError):
        return None


def write(run: str, snapshot: str, showcase: Showcase) -> None:
    """Store the showcase of a snapshot's weights. Raises OSError where that can't be."""
    arrays: dict[str, Any] = {f"maps.{name}": maps for name, maps in showcase.maps.items()}
    file = io.BytesIO()
    np.savez_compressed(
        file,
        digest=_digest(run, snapshot, showcase.photo),
        photo=showcase.photo,
        pixels=showcase.pixels,
        label=showcase.label,
        probability=showcase.probability,
        layers=np.array(list(showcase.maps), np.str_),
        **arrays,
    )
    path = workspace.showcase_file(run, snapshot)
    path.parent.mkdir(exist_ok=True)
    atomic.replace(path, file.getvalue())


def _spread_out(layers: Sequence[Layer]) -> list[str]:
    """Names of a few layers that have maps, from early to late; blocks where there are any."""
    mapped = [layer for layer in layers if len(layer.output_shape) == 3 and not layer.idle]
    blocks = [layer for layer in mapped if layer.block] or mapped
    return [layer.name for layer in blocks[:: max(1, -(-len(blocks) // LAYERS))][:LAYERS]]


def _digest(run: str, snapshot: str, photo: str) -> str:
    """SHA-256 of a snapshot's file and of the picture."""
    with workspace.snapshot_file(run, snapshot).open("rb") as file:
        weights = hashlib.file_digest(file, "sha256")
    weights.update(photo_named(photo).image().tobytes())
    return weights.hexdigest()


def main() -> None:
    """Compute and store the showcases of the runs that the command line names."""
    from cnnviz.models import checkpoint

    try:
        for run in sys.argv[1:]:
            write(run, "last", compute(*checkpoint.load(workspace.snapshot_file(run, "last"))))
    except CnnvizError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
