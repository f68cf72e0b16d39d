"""The filters of a run through time: which epochs are known for a layer, and what its filters were then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from cnnviz.config import RandomStart, RunConfig
from cnnviz.errors import CheckpointError, NotFound
from cnnviz.explore.filters import weights
from cnnviz.explore.filters.movement import Moved, moved
from cnnviz.explore.filters.weights import FilterLayer, Filters, Values
from cnnviz.models import checkpoint
from cnnviz.models.checkpoint import Card
from cnnviz.models.first_layer import first_filters
from cnnviz.models.registry import build

_RANK = {"best": 1, "last": 2}


class History:
    """Filters of a run by epoch: the first layer's for all epochs, others' where a snapshot holds them.

    A run without a snapshot of epoch 0 whose weights were random has them drawn again from its seed, if the
    first layer comes out as the run kept it.
    """

    def __init__(
        self,
        config: RunConfig | None,
        snapshots: Sequence[Path],
        epochs: NDArray[np.int64],
        first: NDArray[np.float16],
    ) -> None:
        """`epochs` (E,) and `first` (E, F, C, H, W) are what `filters.npz` holds; E may be 0, snapshots none.

        Without a `config` nothing is drawn again.
        """
        self.config = config
        self.damaged: list[str] = []
        """What is wrong with snapshots that can't be read, a line each; they are left out."""
        whole = {}
        for path in snapshots:
            try:
                whole[path] = checkpoint.read_some(path, ())[0]
            except CheckpointError as error:
                self.damaged.append(str(error))
        self.files = by_epoch(whole)
        """The snapshot of each whole epoch, in order."""
        self._epochs = epochs
        self._first = first

    @cached_property
    def card(self) -> Card | None:
        """What the network is; None without any snapshot."""
        return checkpoint.read_some(next(iter(self.files.values())), ())[0] if self.files else None

    @cached_property
    def layers(self) -> list[FilterLayer]:
        """Layers with filters, in the order in which they run; before the first snapshot, the first one alone."""
        if self.card is not None:
            return weights.filter_layers(self.card)
        if not len(self._epochs):
            return []
        _, count, channels, height, width = self._first.shape
        return [
            FilterLayer(
                name="first layer", kind="", count=count, channels=channels, size=(height, width),
                groups=1, source="image", batch_norm=None, first=True,
            )
        ]  # fmt: skip

    def epochs(self, layer: FilterLayer) -> list[int]:
        """Epochs for which the layer's filters are known, in order."""
        if layer.first:
            return sorted(set(self.files) | set(self._epochs.tolist()))
        return self.whole_epochs

    def filters(self, layer: FilterLayer, epoch: int) -> Filters:
        """The layer's filters after that epoch; 0 is untrained.

        The first layer's are those of `filters.npz` where it has them: as float16, and of a linear layer only
        the first 100, with bias and batch norm for epochs that have a snapshot. Raises NotFound for an epoch that
        is not known, CheckpointError for a damaged snapshot.
        """
        kept = np.flatnonzero(self._epochs == epoch)
        if not layer.first or not len(kept):
            return self._whole(layer, epoch)
        weights = self._first[kept[0]].astype(np.float32)
        if epoch not in self.files:
            return Filters(layer, weights)
        whole = self._whole(layer, epoch)
        return replace(
            whole, weights=weights, bias=None if whole.bias is None else whole.bias[: len(weights)]
        )

    def drawn_again(self, layer: FilterLayer, epoch: int) -> bool:
        """Whether these filters were not kept, but drawn again from the run's seed."""
        return epoch == 0 and 0 not in self.files and not (layer.first and 0 in self._epochs)

    @cached_property
    def initial(self) -> dict[str, Tensor] | None:
        """The untrained weights, drawn again from the seed; None where that would not give the run's own."""
        at = np.flatnonzero(self._epochs == 0)
        if self.card is None or self.config is None or not len(at):
            return None
        if not isinstance(self.config.start, RandomStart):
            return None
        shape = self.card.image_shape
        model = build(
            self.card.network, image_shape=shape, classes=len(self.card.classes), seed=self.config.seed
        )
        kept = self._first[at[0]]
        drawn = first_filters(model, image_shape=shape)[: len(kept)].half().numpy()
        return dict(model.state_dict()) if np.array_equal(drawn, kept) else None

    @property
    def several(self) -> bool:
        """Whether there may be several `whole_epochs`; unlike those, told without drawing weights again."""
        return len(self.files) > 1 or bool(len(self.files) and 0 in self._epochs)

    @property
    def whole_epochs(self) -> list[int]:
        """Epochs of which the weights of all layers are known, in order."""
        return sorted(set(self.files) | ({0} if self._starts else set()))

    def moved(self, epoch: int) -> list[Moved]:
        """How far all weights of each layer have gone from epoch 0 to one of `whole_epochs`.

        Raises NotFound where one of both is not known.
        """
        return [
            moved(layer.name, self._start[layer.name], self._whole(layer, epoch).weights)
            for layer in self.layers
        ]

    @cached_property
    def _start(self) -> dict[str, Values]:
        return {layer.name: self._whole(layer, 0).weights for layer in self.layers}

    @property
    def _starts(self) -> bool:
        return 0 in self.files or self.initial is not None

    def _whole(self, layer: FilterLayer, epoch: int) -> Filters:
        if epoch in self.files:
            return weights.read(self.files[epoch], layer)
        if epoch == 0 and self.initial is not None:
            return weights.of_tensors(self.initial, layer, source="the untrained network")
        raise NotFound("epoch", str(epoch), available=[str(one) for one in self.epochs(layer)])


def by_epoch(cards: Mapping[Path, Card]) -> dict[int, Path]:
    """The snapshot of each whole epoch, in order; the one named for its epoch before "best" before "last".

    A "last" from the middle of an epoch is left out while others say how many steps an epoch has.
    """
    steps = {card.step // card.epoch for path, card in cards.items() if card.epoch and path.stem != "last"}
    found: dict[int, Path] = {}
    for path in sorted(cards, key=lambda path: (_RANK.get(path.stem, 0), path.stem)):
        card = cards[path]
        torn = path.stem == "last" and any(card.step != card.epoch * number for number in steps)
        if not torn:
            found.setdefault(card.epoch, path)
    return dict(sorted(found.items()))
