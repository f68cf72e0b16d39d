"""Which images excite the channels of a layer, over many images: strongest ones, means by class, silence."""

from __future__ import annotations

import io
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cnnviz import atomic
from cnnviz.data.batches import Normalise
from cnnviz.data.geometry import resize
from cnnviz.errors import CnnvizError
from cnnviz.explore.capture import capture
from cnnviz.models.checkpoint import Card

_BATCH = 100


@dataclass(frozen=True, eq=False)
class Excitation:
    """What N images make of the C channels of a layer."""

    numbers: NDArray[np.int64]
    """Which images: (N,)."""
    labels: NDArray[np.int64]
    peaks: NDArray[np.float32]
    """Largest value of each map: (N, C)."""
    places: NDArray[np.int32]
    """Cell of that value, counted row by row: (N, C)."""
    means: NDArray[np.float32]
    """Mean of each map: (N, C)."""
    zeros: NDArray[np.float64]
    """Share of a channel's values that are exactly 0, over all images and cells: (C,)."""
    width: int
    """Of a map, in cells."""

    def strongest(self, channel: int, count: int = 9) -> list[tuple[int, int, int]]:
        """Image, row and column of the largest values of a channel, the largest first."""
        found = []
        for at in np.argsort(-self.peaks[:, channel], kind="stable")[:count]:
            row, column = divmod(int(self.places[at, channel]), self.width)
            found.append((int(self.numbers[at]), row, column))
        return found

    def by_class(self, channel: int, classes: int) -> NDArray[np.float64]:
        """Mean of a channel over the images of each class: (classes,), NaN for a class without images."""
        sums = np.bincount(self.labels, self.means[:, channel].astype(np.float64), minlength=classes)
        counts = np.bincount(self.labels, minlength=classes)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Channels that were 0 for every image: (C,)."""
        found: NDArray[np.bool_] = self.zeros == 1
        return found


def excitation(
    model: nn.Module,
    card: Card,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    layer: str,
    *,
    numbers: Sequence[int] | NDArray[np.int64],
) -> Generator[float, None, Excitation]:
    """Look through the chosen ones of `images` (uint8, N×H×W×C): yields how much is done, 0 to 1.

    Raises LayerNotFound, and CnnvizError for no images.
    """
    chosen = np.asarray(numbers, np.int64)
    if not len(chosen):
        raise CnnvizError("There are no images to look through.")
    normalise = Normalise.of(card.mean, card.std, torch.device("cpu"))
    side = card.image_shape[0]
    peaks, places, means = [], [], []
    zeros: torch.Tensor | None = None
    cells = width = 0
    for start in range(0, len(chosen), _BATCH):
        pixels = torch.from_numpy(np.ascontiguousarray(images[chosen[start : start + _BATCH]]))
        with capture(model, [layer]) as seen:
            seen.run(normalise(resize(pixels, side)))
        maps = seen.outputs[layer].float()
        maps = maps[..., None, None] if maps.ndim == 2 else maps
        if maps.ndim != 4:
            raise CnnvizError(
                f"{layer} gives no maps of channels: choose a convolution, a block or a linear layer."
            )
        cells, width = maps.shape[2] * maps.shape[3], maps.shape[3]
        flat = maps.flatten(2)
        largest = flat.max(2)
        peaks.append(largest.values.numpy())
        places.append(largest.indices.numpy().astype(np.int32))
        means.append(flat.mean(2).numpy())
        silent = (flat == 0).sum((0, 2))
        zeros = silent if zeros is None else zeros + silent
        yield min(1.0, (start + _BATCH) / len(chosen))
    assert zeros is not None
    return Excitation(
        numbers=chosen,
        labels=np.asarray(labels)[chosen],
        peaks=np.concatenate(peaks),
        places=np.concatenate(places),
        means=np.concatenate(means),
        zeros=zeros.numpy() / (cells * len(chosen)),
        width=width,
    )


def save(path: Path, found: Excitation, *, of: str) -> None:
    """Keep it in a file that says what it is of. Raises OSError when the disk is full."""
    content = io.BytesIO()
    np.savez(content, of=of, **vars(found))
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.replace(path, content.getvalue(), durable=False)


def load(path: Path, *, of: str) -> Excitation | None:
    """What was kept; None if there is nothing, or it is of something else, or damaged."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            if str(kept["of"]) != of:
                return None
            names = [name for name in Excitation.__dataclass_fields__ if name != "width"]
            return Excitation(**{name: kept[name] for name in names}, width=int(kept["width"]))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
