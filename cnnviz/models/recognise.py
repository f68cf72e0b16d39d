"""Which network a state dict belongs to: one of ours or of torchvision's, from its names and shapes alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from torch import Tensor

from cnnviz.config import AlexNet, Exported, ResNet18, RunConfig, Torchvision, Vgg11Bn
from cnnviz.errors import CheckpointError
from cnnviz.models.exported import library
from cnnviz.models.fit import fit, shapes, with_counters
from cnnviz.models.legacy import as_now
from cnnviz.models.match import Match, Misfit, compare, some, title
from cnnviz.models.plain import plain_cnn, plain_mlp
from cnnviz.models.torchvisions import candidates
from cnnviz.models.wrappers import unwrap

_LARGEST_PLAIN = 200
"""Tensors up to which a name that is too many is looked for in a plain network."""


def recognise(tensors: Mapping[str, Tensor], *, source: str = "The file") -> Match:
    """The network that these weights belong to, with what their shapes say of classes and images.

    Prefixes of wrappers (`module.`, `_orig_mod.` …) and older names are understood. Auxiliary heads are dropped.
    Raises CheckpointError: which network is nearest and what differs, and what to do.
    """
    own, notes = unwrap(tensors, source=source)
    match: Match | Misfit | None = _plain(own)
    if match is None:
        own = as_now(own)
        match = _nearest(own)
    return _result(match, own, notes, source)


def as_named(tensors: Mapping[str, Tensor], name: str, *, source: str = "The file") -> Match:
    """The weights as those of the network called `name`: a family of ours, or one of torchvision's.

    Raises CheckpointError with what differs, ConfigError for a name that is unknown.
    """
    own, notes = unwrap(tensors, source=source)
    match: Match | Misfit | None
    if name in _PLAIN:
        match = _PLAIN[name](own) or _one_too_many(own, _PLAIN[name])
    else:
        own = as_now(own)
        match = _OURS[name](own) if name in _OURS else None
        if not isinstance(match, Match):
            network = RunConfig.parse({"network": {"name": "torchvision", "model": name}}).network
            match = fit(own, network)
    if isinstance(match, Match):
        return _result(match, own, notes, source)
    how = f"it {match}" if match else "its layers are of another kind"
    raise CheckpointError(f"{source} is no {name}: {how}. Leave the name out to have it recognised.")


def as_graph(tensors: Mapping[str, Tensor], text: str) -> Match:
    """The weights of someone else's network, and that network, whose graph is `text`. Raises CheckpointError."""
    digest = library.remember(text)
    graph = library.recall(digest)
    channels, *sides = graph.image
    return Match(
        Exported(graph=digest),
        graph.classes,
        (*graph.example, channels),
        tensors,
        fixed_size=None not in sides,
    )


def _plain(own: Mapping[str, Tensor]) -> Match | Misfit | None:
    found = plain_mlp(own) or plain_cnn(own)
    return found or _one_too_many(own, plain_mlp) or _one_too_many(own, plain_cnn)


def _one_too_many(own: Mapping[str, Tensor], plain: Callable[..., Match | None]) -> Misfit | None:
    """The one name without which the weights are those of a plain network."""
    for name in own if 2 < len(own) <= _LARGEST_PLAIN else ():
        found = plain({other: value for other, value in own.items() if other != name})
        if found:
            return Misfit(title(found.network), extra=(name,))
    return None


def _nearest(own: Mapping[str, Tensor]) -> Match | Misfit | None:
    """The network of ours or of torchvision's that fits, or else the one that differs least."""
    nearest: Misfit | None = None
    tries: list[Callable[[], Match | Misfit | None]] = [partial(one, own) for one in _OURS.values()]
    tries += [partial(fit, own, _torchvision(name)) for name in candidates(own)]
    for attempt in tries:
        match = attempt()
        if isinstance(match, Match):
            return match
        if match and (nearest is None or match.count < nearest.count):
            nearest = match
    return nearest


def _torchvision(name: str) -> Torchvision:
    return Torchvision.model_validate({"model": name})


def _result(
    match: Match | Misfit | None, own: Mapping[str, Tensor], notes: tuple[str, ...], source: str
) -> Match:
    if not isinstance(match, Match):
        raise CheckpointError(f"{source} {_unknown(own, match)}")
    if match.options or match.network.name in _PLAIN:
        match = _checked(match, source)
    return _sensible(replace(match, notes=(*notes, *match.notes)), source)


def _resnet18(own: Mapping[str, Tensor]) -> Match | Misfit | None:
    stem = own.get("conv1.weight")
    if stem is None or stem.ndim != 4 or "layer4.1.conv2.weight" not in own or "layer1.0.conv3.weight" in own:
        return None
    hidden = _hidden(own, "fc")
    return fit(own, ResNet18(stem="cifar" if stem.shape[2] == 3 else "imagenet", head=hidden))


def _vgg11_bn(own: Mapping[str, Tensor]) -> Match | Misfit | None:
    if "features.0.weight" not in own or not ({"classifier.weight", "classifier.fc1.weight"} & own.keys()):
        return None
    return fit(own, Vgg11Bn(head=_hidden(own, "classifier")))


def _alexnet(own: Mapping[str, Tensor]) -> Match | Misfit | None:
    return fit(own, AlexNet()) if {"features.10.weight", "classifier.6.weight"} <= own.keys() else None


def _hidden(own: Mapping[str, Tensor], head: str) -> tuple[int, ...]:
    """Units of the hidden layers in a head of ours: fc1, fc2 … of which the last gives the logits."""
    units: list[int] = []
    while (weight := own.get(f"{head}.fc{len(units) + 1}.weight")) is not None and weight.ndim == 2:
        units.append(len(weight))
    return tuple(units[:-1])


def _checked(found: Match, source: str) -> Match:
    """`found` itself, with counters that old files lack. Raises CheckpointError where the guess does not hold."""
    due = shapes(found.network, found.image_shape, found.classes)
    tensors, notes = with_counters(found.tensors, due)
    misfit = compare(found.network, tensors, due)
    if misfit.count:
        raise CheckpointError(f"{source} {_unknown(tensors, misfit)}")
    return replace(found, tensors=tensors, notes=(*found.notes, *notes))


def _sensible(found: Match, source: str) -> Match:
    if found.classes < 2:
        raise CheckpointError(f"{source} gives one number, not a score for each class: choose a classifier.")
    for name, value in found.tensors.items():
        if not value.is_floating_point() and not name.endswith(("num_batches_tracked", "position_index")):
            raise CheckpointError(
                f"{source} holds whole numbers in {name!r} (quantised?): save it as floats."
            )
    return found


def _unknown(own: Mapping[str, Tensor], nearest: Misfit | None) -> str:
    remedy = (
        "Name the network; if it is neither torchvision's nor this bench's, bring it in from a script that has it: "
        "cnnviz.add(model, images)."
    )
    if nearest is None:
        names = [f"{name} {list(value.shape)}" for name, value in own.items()]
        return f"is of no network that is known here: it begins with {some(names)}. {remedy}"
    if len(nearest.extra) == nearest.count <= 3:
        remedy = "The rest fits: leave that out and save it again, if the network's answer does not need it."
    return f"is of no network that is known here. Nearest is {nearest.title}: it {nearest}. {remedy}"


_PLAIN: Mapping[str, Callable[[Mapping[str, Tensor]], Match | None]] = {"mlp": plain_mlp, "cnn": plain_cnn}
_OURS: Mapping[str, Callable[[Mapping[str, Tensor]], Match | Misfit | None]] = {
    "resnet18": _resnet18,
    "vgg11_bn": _vgg11_bn,
    "alexnet": _alexnet,
}
