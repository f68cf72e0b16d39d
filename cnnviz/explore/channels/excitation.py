"""What excites the channels of a network: one pass over many images, for all layers at once.

Of N images and C channels not the N × C peaks are kept (with all layers of a ResNet-18, 10,000 images and four values
each, 2 GB) but what is asked of them: the strongest images of each channel, its means by class, and how often it is
zero, 5 MB in all. The strongest images of one class alone, or more than `KEPT`, take another pass.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.errors import CnnvizError
from cnnviz.explore.channels.selectivity import class_selectivity
from cnnviz.explore.inputs.batches import batches
from cnnviz.explore.layers.capture import fitting, passing
from cnnviz.models.checkpoint import Card
from cnnviz.progress import Progress, Work

KEPT = 18
"""Strongest images of a channel that are kept: twice as many as are shown."""
_PIXELS = 64 * 32 * 32
"""Of a batch: 64 images of 32 px were fastest, and outputs of a layer then stay in the processor's cache."""

_TRIED = 8
"""Images of each of the three batches whose duration is measured."""


class Strongest(NamedTuple):
    """An image, and where in the map it excites a channel most."""

    image: int
    row: int
    column: int
    value: float


@dataclass(frozen=True, eq=False)
class Excitation:
    """What N images make of the C channels of a layer."""

    counts: NDArray[np.int64]
    """Images of each class: (classes,), N in all."""
    peaks: NDArray[np.float32]
    """Largest values of a map, the largest first: (KEPT, C); −∞ where there were fewer images."""
    images: NDArray[np.int32]
    """Whose they are; of equal ones the first image comes first: (KEPT, C), −1 for none."""
    places: NDArray[np.int32]
    """Cell of that value, counted row by row, the first of equal ones: (KEPT, C)."""
    means: NDArray[np.float64]
    """Mean of the maps over the images of each class: (classes, C), NaN for a class without images."""
    positive: NDArray[np.float64]
    """The same of the maps' positive part, which is what class selectivity is of: (classes, C)."""
    zeros: NDArray[np.float64]
    """Share of a channel's values that are exactly 0, over all images and cells: (C,)."""
    width: int
    """Of a map, in cells."""

    @property
    def channels(self) -> int:
        return len(self.zeros)

    @property
    def count(self) -> int:
        """Images that were looked at."""
        return int(self.counts.sum())

    def strongest(self, channel: int, count: int = 9) -> list[Strongest]:
        """Where the largest values of a channel are, the largest first; at most `KEPT`."""
        found = []
        for at in range(min(count, len(self.peaks))):
            if self.images[at, channel] >= 0:
                row, column = divmod(int(self.places[at, channel]), self.width)
                value = float(self.peaks[at, channel])
                found.append(Strongest(int(self.images[at, channel]), row, column, value))
        return found

    def by_class(self, channel: int) -> NDArray[np.float64]:
        """Mean of a channel over the images of each class: (classes,), NaN for a class without images."""
        return self.means[:, channel]

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Channels that were 0 for every image: (C,)."""
        found: NDArray[np.bool_] = self.zeros == 1
        return found

    @property
    def selectivity(self) -> NDArray[np.float64]:
        """Class selectivity of each channel: (C,), see `class_selectivity`."""
        there = np.flatnonzero(self.counts)
        return class_selectivity(self.positive[there], there, len(self.counts))


def excitations(
    model: nn.Module,
    card: Card,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    *,
    numbers: Sequence[int] | NDArray[np.int64],
    batch: int | None = None,
) -> Work[dict[str, Excitation]]:
    """Look through the chosen ones of `images` (uint8, N×H×W×C).

    Gives every layer whose output is maps (N, C, H, W) or units (N, C), by name as in `capture`. Layers that pass
    on what the one before them gave share its Excitation. `batch` images go through at once.
    Raises CnnvizError for no images.
    """
    chosen = np.asarray(numbers, np.int64)
    if not len(chosen):
        raise CnnvizError("There are no images to look through.")
    height, width, _ = card.image_shape
    size = batch or max(8, _PIXELS // (height * width))
    tallies = _Tallies(len(card.classes))
    for here, inputs in batches(card, images, chosen, batch_size=size):
        some = chosen[here]
        tallies.begin(torch.from_numpy(some), torch.from_numpy(np.asarray(labels)[some]))
        # Not inference mode: its tensors don't count how often they were changed in place.
        with torch.no_grad(), passing(model, tallies.look):
            model(fitting(model, inputs))
        yield Progress.of(here.stop, len(chosen))
    return tallies.found()


def seconds_an_image(model: nn.Module, card: Card) -> float:
    """About how long `excitations` takes for one of many images on this process's threads."""
    height, width, channels = card.image_shape
    images = np.random.default_rng(0).integers(
        256, size=(3 * _TRIED, height, width, channels), dtype=np.uint8
    )
    labels = np.zeros(len(images), np.int64)
    times, start = [], time.perf_counter()
    for _ in excitations(model, card, images, labels, numbers=range(len(images)), batch=_TRIED):
        times.append(time.perf_counter() - start)
        start = time.perf_counter()
    return min(times) / _TRIED


class _Tallies:
    """The tallies of all layers, filled a batch at a time."""

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._by_layer: dict[str, _Tally] = {}
        self._same: dict[str, str] = {}
        """Layers that only pass on what another gave."""
        self._counts = torch.zeros(classes, dtype=torch.int64)
        self._first = True

    def begin(self, numbers: Tensor, labels: Tensor) -> None:
        self._first = not self._counts.any()
        self._numbers, self._labels = numbers, labels
        self._counts += torch.bincount(labels, minlength=self._classes)
        self._last: tuple[str, Tensor, int] | None = None

    def look(self, name: str, output: Tensor) -> None:
        if self._first:
            self._meet(name, output)
        if name in self._by_layer:
            maps = output.float()
            self._by_layer[name].add(
                maps if maps.ndim == 4 else maps[..., None, None], self._numbers, self._labels
            )

    def _meet(self, name: str, output: Tensor) -> None:
        if self._last is not None:
            source, before, version = self._last
            if _is_view(output, before) and output._version == version:
                self._same[name] = source
                return
        if output.ndim in (2, 4) and output.numel():
            self._by_layer[name] = _Tally(output.shape[1], self._classes)
            self._last = name, output, output._version

    def found(self) -> dict[str, Excitation]:
        found = {name: tally.found(self._counts) for name, tally in self._by_layer.items()}
        return found | {name: found[source] for name, source in self._same.items()}


def _is_view(tensor: Tensor, other: Tensor) -> bool:
    """Whether both are the very same values in the same place."""
    return (
        tensor.data_ptr() == other.data_ptr()
        and tensor.shape == other.shape
        and tensor.stride() == other.stride()
    )


class _Tally:
    """What is known of one layer so far."""

    def __init__(self, channels: int, classes: int) -> None:
        self.peaks = torch.full((KEPT, channels), -torch.inf)
        self.images = torch.full((KEPT, channels), -1)
        self.places = torch.zeros((KEPT, channels), dtype=torch.int64)
        self.means = torch.zeros((classes, channels), dtype=torch.float64)
        self.positive = torch.zeros((classes, channels), dtype=torch.float64)
        self.zeros = torch.zeros(channels, dtype=torch.float64)
        self.cells = self.width = 0

    def add(self, maps: Tensor, numbers: Tensor, labels: Tensor) -> None:
        self.cells, self.width = maps.shape[2] * maps.shape[3], maps.shape[3]
        self.means.index_add_(0, labels, maps.mean((2, 3)).double())
        spare = torch.clamp_min(maps, 0)
        self.positive.index_add_(0, labels, spare.mean((2, 3)).double())
        # As floats: adding up truth values takes ten times as long.
        self.zeros += torch.eq(maps, 0, out=spare).sum((0, 2, 3))
        self._rank(maps, numbers)

    def _rank(self, maps: Tensor, numbers: Tensor) -> None:
        """Put the images among the strongest ones, where they are."""
        peaks = maps.amax((2, 3))
        # Not equal ones: those were seen earlier. And nothing is larger than what is no number.
        at = (peaks > self.peaks[-1]).any(0).nonzero().flatten()
        if not len(at):
            return
        peaks = peaks[:, at].nan_to_num(nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf)
        both = torch.cat([self.peaks[:, at], peaks])
        values, order = both.sort(dim=0, descending=True, stable=True)
        values, order = values[:KEPT], order[:KEPT]
        rank, column = (order >= KEPT).nonzero(as_tuple=True)
        image = order[rank, column] - KEPT
        earlier = order.clamp_max(KEPT - 1)
        images, places = self.images[:, at].gather(0, earlier), self.places[:, at].gather(0, earlier)
        images[rank, column] = numbers[image]
        # Only here is it asked where: a search of all maps would take longer than the network.
        places[rank, column] = maps[image, at[column]].flatten(1).argmax(1)
        none = values == -torch.inf
        images[none], places[none] = -1, 0
        self.peaks[:, at], self.images[:, at], self.places[:, at] = values, images, places

    def found(self, counts: Tensor) -> Excitation:
        def by_class(sums: Tensor) -> NDArray[np.float64]:
            return (sums / counts[:, None]).numpy()  # NaN for a class without images

        return Excitation(
            counts=counts.numpy().copy(),
            peaks=self.peaks.numpy(),
            images=self.images.numpy().astype(np.int32),
            places=self.places.numpy().astype(np.int32),
            means=by_class(self.means),
            positive=by_class(self.positive),
            zeros=(self.zeros / (self.cells * counts.sum())).numpy(),
            width=self.width,
        )
