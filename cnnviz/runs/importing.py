"""Networks from elsewhere, as runs: a checkpoint file, or one of torchvision's classifiers by its name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from cnnviz import atomic
from cnnviz.config import Data, Network, RunConfig
from cnnviz.errors import ConfigError
from cnnviz.progress import Progress, Work
from cnnviz.runs import status
from cnnviz.runs.import_settings import (
    TITLE,
    ImportSettings,
    assumptions,
    figures,
    network_of,
    usual,
    with_data,
)
from cnnviz.runs.network_file import NetworkFile
from cnnviz.runs.run import Imported, Record, Run, environment, fresh_ids
from cnnviz.runs.staging import settle, staging

if TYPE_CHECKING:
    from torch import Tensor

    from cnnviz.models.checkpoint import Card


def from_file(file: NetworkFile, reading: ImportSettings) -> Run:
    """A run that holds the network of a file.

    Raises CheckpointError or ConfigError where weights, images and classes do not go together, RunError when it
    can't be written; nothing is left behind then.
    """
    from cnnviz.data.class_names import repeated
    from cnnviz.models import fit
    from cnnviz.models.registry import FAMILIES

    match = file.match
    if len(reading.classes) != match.classes:
        raise ConfigError(
            f"The network has {match.classes:,} classes, not {len(reading.classes):,}: name each."
        )
    own_names = not reading.data and reading.classes != usual(file).classes  # two of ImageNet's are alike
    if own_names and (name := repeated(reading.classes)) is not None:
        raise ConfigError(f"Two classes are called {name[:40]!r}: give each a name of its own.")
    network = network_of(match.network, dict(reading.options))
    shape = (reading.side, reading.side, match.image_shape[2])
    if file.card is not None and reading.side == file.card.image_shape[0]:
        shape = file.card.image_shape
    fit.check(match, network, shape, source=file.source)
    called = getattr(network, "model", "") or FAMILIES[network.name].title
    notes = () if file.card else (*match.notes, *assumptions(file, reading), figures(reading))
    origin = Imported(source=f"{file.source}, {called}", notes=notes)
    return _write(network, shape, match.tensors, reading, origin, like=file.card)


def from_torchvision(
    name: str,
    *,
    weights: Literal["imagenet", "random"],
    seed: int = 0,
    side: int | None = None,
    data: str = "",
    title: str = "",
) -> Work[Run]:
    """A run that holds torchvision's classifier `name`, for the classes of `data` or ImageNet's thousand.

    ImageNet weights are downloaded if they are not on this machine.
    Raises ConfigError, WeightsUnavailable or RunError; nothing is left behind then.
    """
    from cnnviz.models import fit, pretrained, torchvisions
    from cnnviz.models.fetching import fetch
    from cnnviz.models.registry import build

    network = RunConfig.parse({"network": {"name": "torchvision", "model": name}}).network
    if data and weights == "imagenet":
        raise ConfigError("ImageNet weights have ImageNet's thousand classes: leave out the data set.")
    mean, std = torchvisions.imagenet_statistics(name)
    usual_side = torchvisions.imagenet_side(name)
    reading = ImportSettings(
        title=title[:TITLE] or f"{name}, {'ImageNet' if weights == 'imagenet' else 'random'} weights",
        side=side or usual_side,
        classes=torchvisions.imagenet_classes(),
        mean=mean,
        std=std,
    )
    if data:
        reading = with_data(reading, data)
    shape = (reading.side, reading.side, len(reading.mean))
    fit.runs(network, shape, classes=len(reading.classes))
    said: tuple[str, ...] = ()
    if weights == "imagenet":
        version = pretrained.weights_of(name)
        yield from fetch(version)
    yield Progress(1.0, "Building the network")
    model = build(network, image_shape=shape, classes=len(reading.classes), seed=seed)
    if weights == "imagenet":
        pretrained.copy_imagenet(model, name)
        origin = f"torchvision's {name}, ImageNet weights ({version.name})"
        if reading.side != usual_side:
            said = (f"Its weights were made for {usual_side} × {usual_side} pixels.",)
    else:
        origin = f"torchvision's {name}, random weights (seed {seed}): it has learnt nothing"
    return _write(network, shape, model.state_dict(), reading, Imported(source=origin, notes=said))


def _write(
    network: Network,
    shape: tuple[int, int, int],
    tensors: Mapping[str, Tensor],
    reading: ImportSettings,
    origin: Imported,
    *,
    like: Card | None = None,
) -> Run:
    """The run's folder, made aside and put in its place when it is whole."""
    from cnnviz.models import checkpoint

    try:
        card = checkpoint.Card(
            network=network, image_shape=shape, classes=reading.classes, mean=reading.mean, std=reading.std,
            data=reading.data, epoch=like.epoch if like else 0, step=like.step if like else 0,
        )  # fmt: skip
        config = RunConfig(title=reading.title[:TITLE], data=Data(name=reading.data), network=network)
    except ValidationError as error:
        said = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
        raise ConfigError(f"The network can't be described so: {said}.") from None
    now = time.time()
    versions, machine = environment()
    record = Record(created=now, config=config, versions=versions, machine=machine, imported=origin)
    with staging("The network") as place:
        (place / "snapshots").mkdir()
        checkpoint.save(place / "snapshots" / "last.safetensors", tensors, card)
        atomic.replace(place / "config.json", record.model_dump_json(indent=1).encode())
        status.write(place, status.Status(state="finished", epoch=card.epoch, epochs=card.epoch, updated=now))
        return settle(place, fresh_ids(record))
