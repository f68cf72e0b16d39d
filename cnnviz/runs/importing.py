"""Networks from elsewhere, as runs: a checkpoint file, or one of torchvision's classifiers by its name."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from cnnviz import atomic, workspace
from cnnviz.config import Data, Network, RunConfig
from cnnviz.errors import CnnvizError, ConfigError, RunError
from cnnviz.progress import Progress, Work
from cnnviz.runs import status
from cnnviz.runs.control import one_at_a_time
from cnnviz.runs.run import Imported, Record, Run, environment, fresh_ids

if TYPE_CHECKING:
    from torch import Tensor

    from cnnviz.models.checkpoint import Card
    from cnnviz.models.recognise import Recognised

NUMBERED = "class {}"
_TITLE = 80
_UNFINISHED = ".importing-"


@dataclass(frozen=True)
class Found:
    """A network in a file, and what its weights tell."""

    source: str
    """Name of the file."""
    recognised: Recognised
    card: Card | None = None
    """What the file says of itself, if this bench wrote it: nothing has to be asked then."""


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


def examine(path: Path, *, source: str = "", network: str = "") -> Found:
    """What is in a .safetensors, .pt or .pth file; `source` is its name for people, `network` names the network.

    Raises CheckpointError, in one line, where it can't be read safely or belongs to no network that is known.
    """
    from cnnviz.models import recognise, weights_file

    weights = weights_file.read(path, source=source)
    name = weights.source
    if weights.card is not None and not network:
        card = weights.card
        known = recognise.Recognised(
            card.network, len(card.classes), card.image_shape, weights.tensors, fixed_size=True
        )
        recognise.check(known, card.network, card.image_shape, source=name)
        return Found(name, known, card)
    if network:
        return Found(name, recognise.as_named(weights.tensors, network, source=name))
    return Found(name, recognise.recognise(weights.tensors, source=name))


def usual(found: Found) -> ImportSettings:
    """What is said of a network for want of anything better: ImageNet's figures, and classes by number."""
    from cnnviz.models.torchvisions import imagenet_classes

    title = Path(found.source).stem[:_TITLE] or "network"
    if found.card is not None:
        card = found.card
        return ImportSettings(title, card.image_shape[0], card.classes, card.mean, card.std, card.data)
    side, _, channels = found.recognised.image_shape
    count = found.recognised.classes
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


def from_file(found: Found, reading: ImportSettings) -> Run:
    """A run that holds the network of a file.

    Raises CheckpointError or ConfigError where weights, images and classes do not go together, RunError when it
    can't be written; nothing is left behind then.
    """
    from cnnviz.models import recognise
    from cnnviz.models.registry import FAMILIES

    known = found.recognised
    if len(reading.classes) != known.classes:
        raise ConfigError(
            f"The network has {known.classes:,} classes, not {len(reading.classes):,}: name each."
        )
    network = _with_options(known.network, dict(reading.options))
    shape = (reading.side, reading.side, known.image_shape[2])
    if found.card is not None and reading.side == found.card.image_shape[0]:
        shape = found.card.image_shape
    recognise.check(known, network, shape, source=found.source)
    called = getattr(network, "model", "") or FAMILIES[network.name].title
    origin = Imported(
        source=f"{found.source}, {called}", notes=() if found.card else _notes(known.notes, reading)
    )
    return _write(network, shape, known.tensors, reading, origin, like=found.card)


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
    from cnnviz.models import pretrained, recognise, torchvisions
    from cnnviz.models.fetching import fetch
    from cnnviz.models.registry import build

    network = RunConfig.parse({"network": {"name": "torchvision", "model": name}}).network
    if data and weights == "imagenet":
        raise ConfigError("ImageNet weights have ImageNet's thousand classes: leave out the data set.")
    mean, std = torchvisions.imagenet_statistics(name)
    usual_side = torchvisions.imagenet_side(name)
    reading = ImportSettings(
        title=title[:_TITLE] or f"{name}, {'ImageNet' if weights == 'imagenet' else 'random'} weights",
        side=side or usual_side,
        classes=torchvisions.imagenet_classes(),
        mean=mean,
        std=std,
    )
    if data:
        reading = with_data(reading, data)
    shape = (reading.side, reading.side, len(reading.mean))
    recognise.runs(network, shape, classes=len(reading.classes))
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


def _notes(notes: tuple[str, ...], reading: ImportSettings) -> tuple[str, ...]:
    chosen = {key: value for key, value in reading.options if value}
    kept = notes
    if chosen.get("activation") not in (None, "relu"):
        kept = tuple(note.replace("taken as ReLU", f"taken as {chosen['activation']}") for note in notes)
    figures = (
        ", ".join(f"{value:g}" for value in reading.mean),
        ", ".join(f"{value:g}" for value in reading.std),
    )
    said = f"Taken for granted, since weights don't tell: mean {figures[0]}, standard deviation {figures[1]}"
    if reading.classes[0] == NUMBERED.format(0):
        said += ", classes by number"
    return (*kept, f"{said}.")


def _with_options(network: Network, options: Mapping[str, Any]) -> Network:
    values = network.model_dump() | {key: value for key, value in options.items() if value is not None}
    return RunConfig.parse({"network": values}).network


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
        config = RunConfig(title=reading.title[:_TITLE], data=Data(name=reading.data), network=network)
    except ValidationError as error:
        said = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
        raise ConfigError(f"The network can't be described so: {said}.") from None
    now = time.time()
    versions, machine = environment()
    record = Record(created=now, config=config, versions=versions, machine=machine, imported=origin)
    root = workspace.checkpoints_root()
    with one_at_a_time():
        for left in root.glob(f"{_UNFINISHED}*"):  # of an import that was killed
            shutil.rmtree(left, ignore_errors=True)
        place = root / f"{_UNFINISHED}{time.time_ns()}"
        try:
            (place / "snapshots").mkdir(parents=True)
            checkpoint.save(place / "snapshots" / "last.safetensors", tensors, card)
            atomic.replace(place / "config.json", record.model_dump_json(indent=1).encode())
            status.write(
                place, status.Status(state="finished", epoch=card.epoch, epochs=card.epoch, updated=now)
            )
            run_id = next(one for one in fresh_ids(record) if not workspace.run_folder(one).exists())
            place.rename(workspace.run_folder(run_id))
            atomic.sync_folder(root)
        except CnnvizError:
            raise
        except (OSError, MemoryError, RuntimeError) as error:
            reason = getattr(error, "strerror", None) or "there is no room for it"
            raise RunError(
                f"The network can't be kept ({reason}): make room on the disk, or set CNNVIZ_CHECKPOINTS."
            ) from error
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return Run(run_id, workspace.run_folder(run_id))
