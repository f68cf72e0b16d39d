"""Plain networks told from shapes alone: linear layers in a chain, and this bench's convolutions by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isqrt
from typing import Any

from torch import Tensor

from cnnviz.config import Cnn, Mlp, Network
from cnnviz.models.layouts import Layout, layout_of, layouts
from cnnviz.models.match import Match

_USUAL = (32, 28, 64, 224, 96, 128, 48)
_USUAL_GREY = (28, 32, 64, 96, 128, 48, 224)
"""Sides of images that most networks are made for."""
_CNN = re.compile(r"(conv|bn|fc)(\d+)\.(weight|bias|running_mean|running_var|num_batches_tracked)")
_ALTERNATIVES = 3


def plain_mlp(own: Mapping[str, Tensor]) -> Match | None:
    """A chain of linear layers, whatever their names; None if it is none."""
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in own))
    tensors: dict[str, Tensor] = {}
    widths: list[int] = []
    for number, layer in enumerate(layers, start=1):
        weight, bias = own.get(f"{layer}.weight"), own.get(f"{layer}.bias")
        if weight is None or bias is None or weight.ndim != 2 or tuple(bias.shape) != tuple(weight.shape[:1]):
            return None
        if widths and weight.shape[1] != widths[-1]:
            return None
        widths = widths or [int(weight.shape[1])]
        widths.append(int(weight.shape[0]))
        tensors |= {f"fc{number}.weight": weight, f"fc{number}.bias": bias}
    shape = _image_of(widths[0]) if len(tensors) == len(own) and len(widths) > 1 else None
    if shape is None:
        return None
    hidden = tuple(widths[1:-1])
    options = ("activation",) if hidden else ()
    return Match(Mlp(hidden=hidden), widths[-1], shape, tensors, fixed_size=True, options=options)


def _image_of(values: int) -> tuple[int, int, int] | None:
    """The square image of so many values. No number is both a square and three times one."""
    if (side := isqrt(values)) ** 2 == values:
        return side, side, 1
    if values % 3 == 0 and (side := isqrt(values // 3)) ** 2 == values // 3:
        return side, side, 3
    return None


def plain_cnn(own: Mapping[str, Tensor]) -> Match | None:
    """A network of this bench's `cnn` family, as far as shapes tell; None if it is none.

    Padding and poolings are not in the weights, only how many cells are left of an image: the likeliest layout
    is taken.
    """
    matches = {name: _CNN.fullmatch(name) for name in own}
    if not all(matches.values()):
        return None
    numbers: dict[str, set[int]] = {"conv": set(), "bn": set(), "fc": set()}
    for match in matches.values():
        assert match is not None
        numbers[match[1]].add(int(match[2]))
    convs, linear = sorted(numbers["conv"]), sorted(numbers["fc"])
    counted = all(seen == list(range(1, len(seen) + 1)) for seen in (convs, linear))
    options = _options(own, convs, linear, numbers["bn"]) if convs and linear and counted else None
    if options is None or own["conv1.weight"].shape[1] not in (1, 3):
        return None
    channels, units = int(own["conv1.weight"].shape[1]), own["fc1.weight"].shape[1] / options["convs"][-1]
    cells = isqrt(int(units))
    if cells < 1 or cells**2 != units:
        return None
    network = Cnn(**options, padding="same" if options["kernel"] % 2 else "none", pool_after=())
    fitting = layouts(network, cells=cells, sides=_usual(channels))
    # Where nothing usual fits, the smallest image from which every convolution is pooled.
    likeliest = fitting[0] if fitting else Layout(cells << len(convs), "same", tuple(convs))
    return Match(
        network.model_copy(update={"padding": likeliest.padding, "pool_after": likeliest.pool_after}),
        len(own[f"fc{len(linear)}.weight"]),
        (likeliest.side, likeliest.side, channels),
        dict(own),
        options=("activation", "padding", "pool_after"),
        cells=cells,
        unusual=not fitting,
    )


def _usual(channels: int) -> tuple[int, ...]:
    return _USUAL_GREY if channels == 1 else _USUAL


def _options(
    own: Mapping[str, Tensor], convs: list[int], linear: list[int], normed: set[int]
) -> dict[str, Any] | None:
    weights = [own.get(f"conv{number}.weight") for number in convs]
    units = [own.get(f"fc{number}.weight") for number in linear]
    if any(
        w is None or w.ndim != 4 or f"conv{n}.bias" not in own for n, w in zip(convs, weights, strict=True)
    ):
        return None
    if any(unit is None or unit.ndim != 2 for unit in units):
        return None
    kernels = {tuple(weight.shape[2:]) for weight in weights if weight is not None}
    kernel = next(iter(kernels))
    ways = {"none": set(), "all": set(convs), "first_of_pair": set(convs[::2])}
    batch_norm = next((name for name, where in ways.items() if where == normed), None)
    if len(kernels) > 1 or kernel[0] != kernel[1] or kernel[0] > 15 or batch_norm is None:
        return None
    return {
        "convs": tuple(len(weight) for weight in weights if weight is not None),
        "kernel": int(kernel[0]),
        "batch_norm": batch_norm,
        "linear": tuple(len(unit) for unit in units[:-1] if unit is not None),
    }


def layouts_at(match: Match, side: int | None = None) -> list[Layout]:
    """Layouts that a plain CNN may have, for images of that side or of any usual one, the likeliest first."""
    if not isinstance(match.network, Cnn):
        return []
    sides = _usual(match.image_shape[2]) if side is None else (side,)
    return layouts(match.network, cells=match.cells, sides=sides)


def assumptions(match: Match, network: Network, side: int) -> tuple[str, ...]:
    """What is taken for granted of a plain network, as its weights don't tell it, a sentence each."""
    said = []
    if isinstance(network, Cnn | Mlp) and "activation" in match.options:
        activation = "ReLU" if network.activation == "relu" else network.activation
        said.append(f"Weights don't tell the activation: taken as {activation}.")
    if isinstance(network, Cnn) and match.cells:
        own = layout_of(network, side)
        others = [one for one in (*layouts_at(match, side), *layouts_at(match)) if one != own]
        others = sorted(dict.fromkeys(others), key=lambda one: one.side != side)
        also = "; or ".join(map(str, others[:_ALTERNATIVES])) + (" …" if len(others) > _ALTERNATIVES else "")
        said.append(
            f"Nor do they tell sizes: taken as {own}, which ends in the {match.cells} × {match.cells} maps "
            "that fc1 reads, with stride 1 and 2 × 2 max pooling. "
            + (f"Also possible: {also}. " if also else "")
            + "If the network was built otherwise, its maps here are not its own."
        )
    return tuple(said)
