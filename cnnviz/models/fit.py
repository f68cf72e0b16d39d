"""Whether weights fit a network that is named: its classes, colours and size of images come from their shapes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from cnnviz.config import Network, Vgg11Bn
from cnnviz.errors import CheckpointError, ConfigError
from cnnviz.models.exported.bounds import Bounded
from cnnviz.models.head import first_convolution
from cnnviz.models.match import COUNTER, Match, Misfit, compare, some, title
from cnnviz.models.registry import Shape, outline
from cnnviz.models.torchvisions import usual_side

_AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")
"""Heads of GoogLeNet and Inception that serve training alone."""
_POSITIONS = "encoder.pos_embedding"
"""What a ViT has learnt of places: for one size of image only."""


def fit(tensors: Mapping[str, Tensor], network: Network) -> Match | Misfit:
    """The weights as those of `network`, whatever its number of classes and colours; or how they differ."""
    notes: tuple[str, ...] = ()
    usual = usual_side(network)
    due = shapes(network, (usual, usual, 3), 1000)
    auxiliary = {name for name in tensors if name.startswith(_AUXILIARY) and name not in due}
    own = {name: value for name, value in tensors.items() if name not in auxiliary}
    if auxiliary:
        notes = ("Its auxiliary heads are left out: they serve training alone.",)
    own, counters = with_counters(own, due)
    notes += counters
    misfit = compare(network, own, due)
    classes, channels, side = _head(own, due), _channels(own, network), _side(own, network, due)
    if classes is None or channels is None or side is None:
        return misfit
    shape = (side, side, channels)
    try:
        # At the usual size, nothing but the first and the last layer depends on colours and classes.
        wanted = _with(due, network, classes, channels) if side == usual else shapes(network, shape, classes)
    except ConfigError:
        return misfit
    exact = compare(network, own, wanted)
    if exact.count:
        return exact
    fixed = isinstance(network, Vgg11Bn) or _POSITIONS in due
    return Match(network, classes, shape, own, fixed_size=fixed, notes=notes)


def check(found: Match, network: Network, image_shape: Shape, *, source: str = "The file") -> None:
    """Raise CheckpointError unless the weights fit `network` for images of that shape, and it reads them."""
    try:
        own = shapes(network, image_shape, found.classes)
    except (ConfigError, RuntimeError) as error:
        raise CheckpointError(f"{source} does not go with such images: {error}") from None
    misfit = compare(network, found.tensors, own)
    if misfit.count:
        raise CheckpointError(
            f"{source} is no {title(network)} for {_size(image_shape)} images: it {misfit}."
        )
    runs(network, image_shape, classes=found.classes)


def runs(network: Network, image_shape: Shape, *, classes: int) -> None:
    """Raise ConfigError unless the network gives a score a class for images of that shape. Computes nothing."""
    height, width, channels = image_shape
    model = outline(network, image_shape=image_shape, classes=classes).eval()
    try:
        with torch.no_grad(), Bounded():
            scores = model(torch.zeros(1, channels, height, width, device="meta"))
    except (RuntimeError, ValueError) as error:
        raise ConfigError(
            f"This network can't read images of {_size(image_shape)} ({str(error).splitlines()[0]}): "
            f"take {usual_side(network)} × {usual_side(network)}."
        ) from None
    if not isinstance(scores, Tensor) or tuple(scores.shape) != (1, classes):
        raise ConfigError("This network gives no scores of classes: choose a classifier.")


def _head(own: Mapping[str, Tensor], due: Mapping[str, tuple[int, ...]]) -> int | None:
    """Number of classes: of the one layer that gives 1,000 scores in `due`."""
    head = own.get(_last(due))
    return None if head is None or not head.ndim else len(head)


def _last(due: Mapping[str, tuple[int, ...]]) -> str:
    """Name of the weights that give 1,000 scores; empty where there are none."""
    outputs = [name for name, shape in due.items() if shape[:1] == (1000,) and name.endswith("weight")]
    return outputs[-1] if outputs else ""


def _stem(network: Network) -> str:
    """Name of the first convolution."""
    side = usual_side(network)
    return first_convolution(_outline(network, (side, side, 3), 1000))[0]


def _with(
    due: Mapping[str, tuple[int, ...]], network: Network, classes: int, channels: int
) -> dict[str, tuple[int, ...]]:
    """The shapes that are `due` with 1,000 classes and three colours, for so many of them."""
    head = _last(due).rpartition(".")[0]
    first = f"{_stem(network)}.weight"
    changed = {name: (classes, *due[name][1:]) for name in (f"{head}.weight", f"{head}.bias") if name in due}
    return dict(due) | changed | {first: (due[first][0], channels, *due[first][2:])}


def _channels(own: Mapping[str, Tensor], network: Network) -> int | None:
    stem = own.get(f"{_stem(network)}.weight")
    return None if stem is None or stem.ndim != 4 or stem.shape[1] not in (1, 3) else stem.shape[1]


def _side(own: Mapping[str, Tensor], network: Network, due: Mapping[str, tuple[int, ...]]) -> int | None:
    """Side of the images: fixed by a ViT's positions, and by the layer after our VGG-11's features; else the usual."""
    usual = usual_side(network)
    if _POSITIONS in due:
        places, cells = own.get(_POSITIONS), (due[_POSITIONS][1] - 1) ** 0.5
        across = (places.shape[1] - 1) ** 0.5 if places is not None and places.ndim == 3 else 0.0
        return round(usual / cells * across) if across and across == int(across) else None
    if isinstance(network, Vgg11Bn):
        first = own.get("classifier.fc1.weight" if network.head else "classifier.weight")
        across = (first.shape[1] / 512) ** 0.5 if first is not None and first.ndim == 2 else 0.0
        return int(across) * 32 if across >= 1 and across == int(across) else None
    return usual


def with_counters(
    own: Mapping[str, Tensor], due: Collection[str]
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The weights with the counters of batch norm that old files lack, without those that the network has not."""
    spare = [name for name in own if name.endswith(COUNTER) and name not in due]
    counted = {name: value for name, value in own.items() if name not in spare}
    counted |= {
        name: torch.zeros((), dtype=torch.int64) for name in due if name.endswith(COUNTER) and name not in own
    }
    return counted, ((f"{some(spare)} is left out: counters, no weights.",) if spare else ())


_outlines: dict[tuple[str, Shape, int], nn.Module] = {}


def _outline(network: Network, shape: Shape, classes: int) -> nn.Module:
    key = (network.model_dump_json(), shape, classes)
    if key not in _outlines:
        if len(_outlines) > 256:
            _outlines.clear()
        _outlines[key] = outline(network, image_shape=shape, classes=classes)
    return _outlines[key]


def shapes(network: Network, shape: Shape, classes: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the network's weights."""
    return {
        name: tuple(value.shape) for name, value in _outline(network, shape, classes).state_dict().items()
    }


def _size(shape: Shape) -> str:
    return f"{shape[0]} × {shape[1]}"
