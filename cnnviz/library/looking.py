"""What a network makes of images, for scripts and notebooks: names in, arrays and frozen values out."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from cnnviz.config import Data
from cnnviz.data.images import decode
from cnnviz.diagnosis import scores
from cnnviz.diagnosis.scores import ClassScore
from cnnviz.errors import CnnvizError, ImageError, NotFound
from cnnviz.explore.activations import activation_maps
from cnnviz.explore.activations.activation_maps import MapSummary
from cnnviz.explore.activations.cell import Cell
from cnnviz.explore.activations.cell import cell as worked_out
from cnnviz.explore.attribution import attribute as attributing
from cnnviz.explore.attribution import cam
from cnnviz.explore.attribution.applicability import reasons
from cnnviz.explore.attribution.attribute import AttributionSetting
from cnnviz.explore.attribution.methods import METHODS
from cnnviz.explore.inputs.preprocessing import Input, as_input
from cnnviz.explore.inputs.test_images import data_of, image_named, usual_image
from cnnviz.explore.layers.structure import Layer, layer_named, layers
from cnnviz.explore.predictions import SPLITS, Predictions, predicting, some_of
from cnnviz.explore.statistics import profile
from cnnviz.explore.statistics.layer_statistics import statistics as measuring
from cnnviz.explore.statistics.profile import Profile
from cnnviz.formatting import accuracy, per_cent
from cnnviz.library.recording import Recording
from cnnviz.models.checkpoint import Card
from cnnviz.progress import finish
from cnnviz.registry import entry
from cnnviz.render.attribution import coloured, scale_of_sizes
from cnnviz.render.mosaic import grid
from cnnviz.render.picture import png
from cnnviz.runs.network_source import opened
from cnnviz.runs.run import Run

Network = Run | Recording | str | Path
"""A run, its id, or a file of weights."""
Picture = str | Path | Image.Image | NDArray[np.uint8]
"""photo.NAME, test.NUMBER, a file, or pixels: uint8, (H, W, 3) or (H, W, 1)."""
_TILE = 224


@dataclass(frozen=True, eq=False)
class Activations:
    """What one layer makes of one image."""

    layer: str
    maps: NDArray[np.float32]
    """(C, H, W); of a linear layer (C, 1, 1)."""
    summary: MapSummary
    prediction: tuple[tuple[str, float], ...]
    """Classes and their probabilities, the likeliest first."""

    def _repr_html_(self) -> str:
        drawn = grid(self.maps, max_width=1024)
        name, share = self.prediction[0]
        low, high = drawn.scale.low, drawn.scale.high
        line = (
            f"{self.layer}, {len(self.maps)} maps, {low:.3g} to {high:.3g}, shared; {name} {per_cent(share)}"
        )
        return _shown(drawn.png, line)


@dataclass(frozen=True, eq=False)
class ChannelView:
    """One channel for one image: its map, one cell of it worked out, and what the network says without it."""

    map: NDArray[np.float32]
    """(H, W)."""
    cell: Cell
    name: str
    """The likeliest class …"""
    probability: float
    """… its probability …"""
    probability_without: float
    """… and what becomes of it when the channel is zero."""

    def _repr_html_(self) -> str:
        steps = "".join(
            f"<li><code>{html.escape(one.layer)}</code> {html.escape(f'{one.title}: {one.formula}')}</li>"
            for one in self.cell.steps
        )
        said = f"{self.name} {per_cent(self.probability)}, without it {per_cent(self.probability_without)}"
        where = (
            f"{self.cell.layer}, channel {self.cell.channel}, row {self.cell.row}, column {self.cell.column}"
        )
        return _shown(grid(self.map[None]).png, f"{where}: {said}") + f"<ol>{steps}</ol>"


@dataclass(frozen=True, eq=False)
class AttributionView:
    """Which pixels speak for a class, by one method."""

    method: str
    target: str
    """The class."""
    map: NDArray[np.float32]
    """(H, W), of the size in which the network reads the image; above zero speaks for the class."""
    logit: float
    missing: float | None
    """How far the values' sum is off what the method promises, in logits; None where it promises nothing."""
    pixels: NDArray[np.uint8]
    """(H, W, C): the image as the network reads it."""

    def _repr_html_(self) -> str:
        scale = scale_of_sizes([self.map], signed=bool(self.map.min() < 0), share=0.99)
        drawn = coloured(self.map, scale, "overlay", self.pixels)
        factor = max(1, _TILE // max(drawn.shape[:2]))
        large = drawn.repeat(factor, axis=0).repeat(factor, axis=1)
        title = METHODS[self.method].title
        return _shown(png(large), f"{title} for {self.target}, logit {self.logit:.3g}")


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Where a network fails, of the images that it was asked about."""

    predictions: Predictions
    classes: tuple[ClassScore, ...]
    split: str

    @property
    def accuracy(self) -> float:
        return float(self.predictions.right.mean())

    @property
    def confusion(self) -> NDArray[np.int64]:
        """Numbers of images by class and by likeliest class: (K, K)."""
        return self.predictions.confusion()

    def _repr_html_(self) -> str:
        head = "<tr><th>class</th><th>images</th><th>precision</th><th>recall</th></tr>"
        rows = "".join(
            f"<tr><td>{html.escape(one.name)}</td><td>{one.support:,}</td><td>{_share(one.precision)}</td>"
            f"<td>{_share(one.recall)}</td></tr>"
            for one in self.classes
        )
        count = len(self.predictions)
        return f"<p>{accuracy(self.accuracy, count)} of {count:,} {self.split} images</p><table>{head}{rows}</table>"


def activations(
    network: Network, layer: str, image: Picture | None = None, *, snapshot: str = "last"
) -> Activations:
    """Activations of `layer` for one image; without an image, for a built-in one.

    Raises LayerNotFound, NotFound for a run or image, CheckpointError for a damaged file.
    """
    subject = _Subject.of(network, image, snapshot)
    maps = activation_maps.channel_maps(subject.model, subject.fed.values, layer)
    shares = activation_maps.predict(subject.model, subject.fed.values)
    order = (-shares).argsort(kind="stable")
    likeliest = tuple((subject.card.classes[number], float(shares[number])) for number in order)
    return Activations(layer, maps, activation_maps.summary(maps), likeliest)


def channel(
    network: Network,
    layer: str,
    number: int,
    image: Picture | None = None,
    *,
    cell: tuple[int, int] | None = None,
    snapshot: str = "last",
) -> ChannelView:
    """One channel of `layer`, and how one `cell` (row, column) of it came by its number: without it, the largest.

    Raises as `activations` does, and CnnvizError for a channel or cell that is not there.
    """
    subject = _Subject.of(network, image, snapshot)
    model, values = subject.model, subject.fed.values
    maps = activation_maps.channel_maps(model, values, layer)
    if not 0 <= number < len(maps):
        raise CnnvizError(f"{layer} has channels 0 to {len(maps) - 1}, not {number}.")
    row, column = cell or tuple(map(int, np.unravel_index(maps[number].argmax(), maps.shape[1:])))
    listed = subject.layers
    layer_named(listed, layer)
    try:
        found = worked_out(model, values, listed, layer, channel=number, row=row, column=column)
    except IndexError:
        raise CnnvizError(f"The map has cells 0,0 to {maps.shape[1] - 1},{maps.shape[2] - 1}.") from None
    before = activation_maps.predict(model, values)
    after = activation_maps.predict_without(model, values, layer, number)
    top = int(before.argmax())
    return ChannelView(maps[number], found, subject.card.classes[top], float(before[top]), float(after[top]))


def attribute(
    network: Network,
    image: Picture | None = None,
    *,
    method: str = "grad_cam",
    target: str | int | None = None,
    snapshot: str = "last",
) -> AttributionView:
    """Which pixels speak for `target`, a class by name or number; without it, the likeliest.

    Raises NotFound for a method or class, CnnvizError for a method that can't be asked of this network.
    """
    subject = _Subject.of(network, image, snapshot)
    model, card, fed = subject.model, subject.card, subject.fed
    entry("method", method, METHODS)
    if why := reasons(model, card, fed.shape)[method]:
        raise CnnvizError(f"{METHODS[method].title} can't be asked of this network: {why}")
    number = _class(card, target)
    if number is None:
        number = int(activation_maps.predict(model, fed.values).argmax())
    best = cam.best_layer(subject.layers)
    setting = AttributionSetting(layer=best[0] if best else None)
    work = attributing.attribute(model, card, fed.values, method=method, targets=[number], setting=setting)
    (found,) = finish(work)
    return AttributionView(method, card.classes[number], found.map, found.score, found.missing, fed.pixels)


def statistics(network: Network, *, images: int = 500, snapshot: str = "last") -> Profile:
    """All layers over some test images of the network's data set: sparsity, dead channels, selectivity, probe …

    Raises DataError where its data set is not on this machine.
    """
    _, model, card = opened(_name(network), snapshot)
    data = finish(data_of(card))
    numbers = profile.sample(data.test_labels, count=images, of_class=None, data=card.data)
    return finish(measuring(model, card, data.test_images, data.test_labels, numbers=numbers, of_class=None))


def diagnose(
    network: Network, *, split: str = "test", images: int = 2000, snapshot: str = "last"
) -> Diagnosis:
    """Predictions, confusion and scores by class over some `test` or `validation` images.

    Raises NotFound for another split, DataError where the data set is not on this machine.
    """
    if split not in SPLITS:
        raise NotFound("split", split, available=list(SPLITS))
    where, model, card = opened(_name(network), snapshot)
    how = where.run.config.data if where.run else Data(name=card.data)
    pool = SPLITS[split](finish(data_of(card)), how)
    numbers = pool.numbers[some_of(len(pool.numbers), images)]
    found = finish(predicting(model, card, pool.images, pool.labels, numbers=numbers))
    return Diagnosis(found, scores.by_class(found.confusion(), card.classes), split)


@dataclass(frozen=True, eq=False)
class _Subject:
    """A network and the image that it looks at."""

    model: nn.Module
    card: Card
    fed: Input

    @classmethod
    def of(cls, network: Network, image: Picture | None, snapshot: str) -> _Subject:
        _, model, card = opened(_name(network), snapshot)
        return cls(model, card, as_input(_pixels(image, card), card))

    @property
    def layers(self) -> list[Layer]:
        return layers(self.model, self.fed.shape)


def _name(network: Network) -> str:
    if isinstance(network, Recording):
        if network.run is None:
            raise CnnvizError("Nothing is recorded yet: the network has been given no images.")
        return network.run.id
    return network.id if isinstance(network, Run) else str(network)


def _pixels(image: Picture | None, card: Card) -> NDArray[np.uint8]:
    if image is None:
        image = usual_image(card)
    if isinstance(image, str) and image.partition(".")[0] in ("photo", "test") and not Path(image).exists():
        return finish(image_named(image, card))
    if isinstance(image, str | Path):
        try:
            return decode(Path(image).read_bytes())
        except OSError as error:
            raise ImageError(f"{image} can't be read ({error.strerror}).") from None
    array = np.asarray(
        image.convert("L" if image.mode in ("1", "L") else "RGB") if isinstance(image, Image.Image) else image
    )
    array = array[..., None] if array.ndim == 2 else array
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] not in (1, 3):
        raise ImageError(f"Pixels are uint8, (H, W, 3) or (H, W, 1), not {array.dtype} {array.shape}.")
    return array


def _class(card: Card, target: str | int | None) -> int | None:
    if target is None:
        return None
    if isinstance(target, str):
        if target not in card.classes:
            raise NotFound("class", target, available=card.classes)
        return card.classes.index(target)
    if not 0 <= target < len(card.classes):
        raise NotFound("class", str(target), available=card.classes)
    return target


def _shown(picture: bytes, line: str) -> str:
    data = base64.b64encode(picture).decode()
    style = "image-rendering: pixelated; max-width: 100%"
    alt = html.escape(line, quote=True)
    return f'<img alt="{alt}" style="{style}" src="data:image/png;base64,{data}"><br><small>{html.escape(line)}</small>'


def _share(value: Any) -> str:
    return "–" if value is None else per_cent(value)
