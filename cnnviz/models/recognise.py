"""Which network a state dict belongs to: one of ours or of torchvision's, from its names and shapes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from cnnviz.config import AlexNet, Network, ResNet18, RunConfig, Torchvision, Vgg11Bn
from cnnviz.errors import CheckpointError, ConfigError
from cnnviz.models.head import first_convolution
from cnnviz.models.legacy import as_now
from cnnviz.models.plain import plain_cnn, plain_mlp
from cnnviz.models.registry import Shape, outline
from cnnviz.models.torchvisions import candidates, usual_side

_PREFIXES = ("module.", "_orig_mod.", "net.", "model.", "network.", "backbone.", "encoder.model.")
_AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")
"""Heads of GoogLeNet and Inception that serve training alone."""
_POSITIONS = "encoder.pos_embedding"
"""What a ViT has learnt of places: for one size of image only."""
_SHOWN = 3

Question = str
"""A setting of the network that shapes don't tell: `activation`, `pool_after`."""


@dataclass(frozen=True)
class Recognised:
    """A network that the weights fit."""

    network: Network
    """With defaults where shapes don't tell."""
    classes: int
    image_shape: Shape
    """Fixed by the shapes, or the usual size."""
    tensors: Mapping[str, Tensor]
    """Under the network's own names; auxiliary heads are left out."""
    fixed_size: bool = False
    """Whether the network reads images of this size only."""
    asks: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
    """What was left out or taken for granted, a sentence each."""


@dataclass(frozen=True)
class _Misfit:
    """How a network differs from the weights."""

    network: str
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    reshaped: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = ()
    """Name, shape in the file and shape expected."""

    @property
    def count(self) -> int:
        return len(self.missing) + len(self.extra) + len(self.reshaped)

    def __str__(self) -> str:
        parts = []
        if self.missing:
            parts.append(f"lacks {_some(self.missing)}")
        if self.extra:
            parts.append(f"has extra {_some(self.extra)}")
        if self.reshaped:
            words = [f"{name} is {list(found)} instead of {list(due)}" for name, found, due in self.reshaped]
            parts.append(_some(words))
        return "; ".join(parts)


def recognise(tensors: Mapping[str, Tensor], *, source: str = "The file") -> Recognised:
    """The network that these weights belong to, with what their shapes say of classes and images.

    Prefixes of wrappers (`module.`, `_orig_mod.` …) and older names are understood. Auxiliary heads are dropped.
    Raises CheckpointError: which network is nearest and what differs, and what to do.
    """
    own, notes = _unwrapped(tensors)
    found = plain_mlp(own) or plain_cnn(own)
    if found:
        network, classes, shape, renamed, asks, more, fixed = found
        result = Recognised(network, classes, shape, renamed, fixed, asks, (*notes, *more))
        return _sensible(_checked(result, source), source)
    own = as_now(own)
    nearest: _Misfit | None = None
    for try_one in (_resnet18, _vgg11_bn, _alexnet):
        match = try_one(own)
        if isinstance(match, Recognised):
            return _sensible(replace(match, notes=(*notes, *match.notes)), source)
    for name in candidates(own):
        match = fit(own, Torchvision(model=name))  # type: ignore[arg-type]
        if isinstance(match, Recognised):
            return _sensible(replace(match, notes=(*notes, *match.notes)), source)
        if nearest is None or match.count < nearest.count:
            nearest = match
    raise CheckpointError(f"{source} {_unknown(own, nearest)}")


def as_named(tensors: Mapping[str, Tensor], name: str, *, source: str = "The file") -> Recognised:
    """The weights as those of the network called `name`: a family of ours, or one of torchvision's.

    Raises CheckpointError with what differs, ConfigError for a name that is unknown.
    """
    own, notes = _unwrapped(tensors)
    match: Recognised | _Misfit | None = None
    if name in {"mlp", "cnn"}:
        found = (plain_mlp if name == "mlp" else plain_cnn)(own)
        if found:
            network, classes, shape, renamed, asks, more, fixed = found
            result = Recognised(network, classes, shape, renamed, fixed, asks, (*notes, *more))
            return _sensible(_checked(result, source), source)
    else:
        own = as_now(own)
        ours = {"resnet18": _resnet18, "vgg11_bn": _vgg11_bn, "alexnet": _alexnet}.get(name)
        match = ours(own) if ours else None
        if not isinstance(match, Recognised):
            network = RunConfig.parse({"network": {"name": "torchvision", "model": name}}).network
            match = fit(own, network)
    if isinstance(match, Recognised):
        return _sensible(replace(match, notes=(*notes, *match.notes)), source)
    how = f"it {match}" if match else "its layers are of another kind"
    raise CheckpointError(f"{source} is no {name}: {how}. Leave the name out to have it recognised.")


def fit(tensors: Mapping[str, Tensor], network: Network) -> Recognised | _Misfit:
    """The weights as those of `network`, whatever its number of classes and colours; or how they differ."""
    notes: tuple[str, ...] = ()
    title = network.model if isinstance(network, Torchvision) else network.name
    usual = usual_side(network)
    due = _shapes(network, (usual, usual, 3), 1000)
    kept = dict(tensors)
    auxiliary = [name for name in kept if name.startswith(_AUXILIARY) and name not in due]
    if auxiliary:
        for name in auxiliary:
            del kept[name]
        notes = ("Its auxiliary heads are left out: they serve training alone.",)
    kept |= {
        name: torch.zeros((), dtype=torch.int64)
        for name in due
        if name.endswith("num_batches_tracked") and name not in kept
    }
    misfit = _compare(title, kept, due)
    if misfit.missing or misfit.extra:
        return misfit
    classes, channels, side = _head(kept, due), _channels(kept, network), _side(kept, network, due)
    if classes is None or channels is None or side is None:
        return misfit
    shape = (side, side, channels)
    try:
        exact = _compare(title, kept, _shapes(network, shape, classes))
    except ConfigError:
        return misfit
    if exact.count:
        return exact
    fixed = isinstance(network, Vgg11Bn) or _POSITIONS in due
    return Recognised(network, classes, shape, kept, fixed_size=fixed, notes=notes)


def check(found: Recognised, network: Network, image_shape: Shape, *, source: str = "The file") -> None:
    """Raise CheckpointError unless the weights fit `network` for images of that shape, and it reads them."""
    try:
        own = _shapes(network, image_shape, found.classes)
    except (ConfigError, RuntimeError) as error:
        raise CheckpointError(f"{source} does not go with such images: {error}") from None
    misfit = _compare(network.name, found.tensors, own)
    if misfit.count:
        raise CheckpointError(f"{source} is no {network.name} for {_size(image_shape)} images: it {misfit}.")
    runs(network, image_shape, classes=found.classes)


def runs(network: Network, image_shape: Shape, *, classes: int) -> None:
    """Raise ConfigError unless the network gives a score a class for images of that shape. Computes nothing."""
    height, width, channels = image_shape
    model = outline(network, image_shape=image_shape, classes=classes).eval()
    try:
        with torch.no_grad():
            scores = model(torch.zeros(1, channels, height, width, device="meta"))
    except (RuntimeError, ValueError) as error:
        raise ConfigError(
            f"This network can't read images of {_size(image_shape)} ({str(error).splitlines()[0]}): "
            f"take {usual_side(network)} × {usual_side(network)}."
        ) from None
    if not isinstance(scores, Tensor) or tuple(scores.shape) != (1, classes):
        raise ConfigError("This network gives no scores of classes: choose a classifier.")


# -- ours, where they are not torchvision's ----------------------------------------------------------


def _resnet18(own: Mapping[str, Tensor]) -> Recognised | _Misfit | None:
    stem = own.get("conv1.weight")
    if stem is None or stem.ndim != 4 or "layer4.1.conv2.weight" not in own or "layer1.0.conv3.weight" in own:
        return None
    hidden = _hidden(own, "fc")
    return fit(own, ResNet18(stem="cifar" if stem.shape[2] == 3 else "imagenet", head=hidden))


def _vgg11_bn(own: Mapping[str, Tensor]) -> Recognised | _Misfit | None:
    if "features.0.weight" not in own or not ({"classifier.weight", "classifier.fc1.weight"} & own.keys()):
        return None
    return fit(own, Vgg11Bn(head=_hidden(own, "classifier")))


def _alexnet(own: Mapping[str, Tensor]) -> Recognised | _Misfit | None:
    return fit(own, AlexNet()) if {"features.10.weight", "classifier.6.weight"} <= own.keys() else None


def _hidden(own: Mapping[str, Tensor], head: str) -> tuple[int, ...]:
    """Units of the hidden layers in a head of ours: fc1, fc2 … of which the last gives the logits."""
    units: list[int] = []
    while (weight := own.get(f"{head}.fc{len(units) + 1}.weight")) is not None and weight.ndim == 2:
        units.append(len(weight))
    return tuple(units[:-1])


# -- what shapes say ---------------------------------------------------------------------------------


def _head(kept: Mapping[str, Tensor], due: Mapping[str, tuple[int, ...]]) -> int | None:
    """Number of classes: of the one layer that gives 1,000 scores in `due`."""
    outputs = [name for name, shape in due.items() if shape[:1] == (1000,) and name.endswith("weight")]
    return int(kept[outputs[-1]].shape[0]) if outputs and kept[outputs[-1]].ndim else None


def _channels(kept: Mapping[str, Tensor], network: Network) -> int | None:
    side = usual_side(network)
    stem = kept[f"{first_convolution(_outline(network, (side, side, 3), 1000))[0]}.weight"]
    return int(stem.shape[1]) if stem.ndim == 4 and stem.shape[1] in (1, 3) else None


def _side(kept: Mapping[str, Tensor], network: Network, due: Mapping[str, tuple[int, ...]]) -> int | None:
    """Side of the images: fixed by a ViT's positions, and by the layer after our VGG-11's features; else the usual."""
    usual = usual_side(network)
    if _POSITIONS in due:
        here, there = kept[_POSITIONS], due[_POSITIONS]
        grid, known = ((here.shape[1] - 1) ** 0.5 if here.ndim == 3 else 0.0), (there[1] - 1) ** 0.5
        return round(usual / known * grid) if grid and grid == int(grid) else None
    if isinstance(network, Vgg11Bn):
        first = kept["classifier.fc1.weight" if network.head else "classifier.weight"]
        cells = (first.shape[1] / 512) ** 0.5 if first.ndim == 2 else 0.0
        return int(cells) * 32 if cells >= 1 and cells == int(cells) else None
    return usual


# -- names and shapes --------------------------------------------------------------------------------


def _unwrapped(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Without the prefixes that all names share and that only wrappers give."""
    own, gone = dict(tensors), ""
    while prefix := next((one for one in _PREFIXES if own and all(n.startswith(one) for n in own)), None):
        own = {name.removeprefix(prefix): value for name, value in own.items()}
        gone += prefix
    return own, ((f"{gone!r} before each name is a wrapper's, and left out.",) if gone else ())


def _compare(title: str, kept: Mapping[str, Tensor], due: Mapping[str, tuple[int, ...]]) -> _Misfit:
    return _Misfit(
        network=title,
        missing=tuple(name for name in due if name not in kept),
        extra=tuple(name for name in kept if name not in due),
        reshaped=tuple(
            (name, tuple(kept[name].shape), shape)
            for name, shape in due.items()
            if name in kept and tuple(kept[name].shape) != shape
        ),
    )


_known: dict[tuple[str, Shape, int], nn.Module] = {}


def _outline(network: Network, shape: Shape, classes: int) -> nn.Module:
    key = (network.model_dump_json(), shape, classes)
    if key not in _known:
        if len(_known) > 128:
            _known.clear()
        _known[key] = outline(network, image_shape=shape, classes=classes)
    return _known[key]


def _shapes(network: Network, shape: Shape, classes: int) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(value.shape) for name, value in _outline(network, shape, classes).state_dict().items()
    }


def _checked(found: Recognised, source: str) -> Recognised:
    """`found` itself, with counters that old files lack. Raises CheckpointError where the guess does not hold."""
    due = _shapes(found.network, found.image_shape, found.classes)
    kept = dict(found.tensors) | {
        name: torch.zeros((), dtype=torch.int64)
        for name in due
        if name.endswith("num_batches_tracked") and name not in found.tensors
    }
    misfit = _compare(found.network.name, kept, due)
    if misfit.count:
        raise CheckpointError(f"{source} {_unknown(kept, misfit)}")
    return replace(found, tensors=kept)


def _sensible(found: Recognised, source: str) -> Recognised:
    if found.classes < 2:
        raise CheckpointError(f"{source} gives one number, not a score for each class: choose a classifier.")
    for name, value in found.tensors.items():
        if not value.is_floating_point() and not name.endswith(("num_batches_tracked", "position_index")):
            raise CheckpointError(
                f"{source} holds whole numbers in {name!r} (quantised?): save it as floats."
            )
    return found


def _unknown(own: Mapping[str, Tensor], nearest: _Misfit | None) -> str:
    remedy = "Name the network, or train it here; its names have to be torchvision's or this bench's."
    if nearest is None:
        names = [f"{name} {list(value.shape)}" for name, value in own.items()]
        return f"is of no network that is known here: it begins with {_some(names)}. {remedy}"
    return f"is of no network that is known here. Nearest is {nearest.network}: it {nearest}. {remedy}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _size(shape: Shape) -> str:
    return f"{shape[0]} × {shape[1]}"
