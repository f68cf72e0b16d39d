"""A network of one's own on the bench, as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from cnnviz.library import network
from cnnviz.models.match import Match
from cnnviz.runs import first_use, importing
from cnnviz.runs.import_settings import ImportSettings
from cnnviz.runs.network_file import NetworkFile
from cnnviz.runs.run import Run


def add(
    model: nn.Module,
    example: Tensor,
    *,
    classes: Sequence[str] | int | None = None,
    mean: Iterable[float] | None = None,
    std: Iterable[float] | None = None,
    data: str = "",
    title: str = "",
) -> Run:
    """A run that holds `model` as it is now: its graph and weights, none of its code. The model is left as it was.

    `example` is what it reads, (N, C, H, W) or (C, H, W), normalised as in training. `classes` are names or their
    number, `mean` and `std` the normalisation of images in 0..1, a number a channel. `data` names a data set of the
    bench whose test images go with it.
    Raises CheckpointError where PyTorch can't export the network, ConfigError for what does not fit.
    """
    first_use.furnish()
    found = network.describe(model, example, classes=classes, mean=mean, std=std, data=data)
    card = found.card
    match = Match(card.network, len(card.classes), card.image_shape, found.weights(model), fixed_size=False)
    name = title or type(model).__name__
    reading = ImportSettings(name, card.image_shape[0], card.classes, card.mean, card.std, card.data)
    return importing.from_file(NetworkFile(f"{type(model).__name__} of a script", match, card), reading)
