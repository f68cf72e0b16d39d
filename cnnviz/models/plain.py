"""Plain networks told from shapes alone: linear layers in a chain, and this bench's convolutions by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isqrt
from typing import Any

from torch import Tensor

from cnnviz.config import Cnn, Mlp, Network

Shape = tuple[int, int, int]
Found = tuple[Network, int, Shape, dict[str, Tensor], tuple[str, ...], tuple[str, ...], bool]
"""Network, classes, image shape, tensors, what to ask, notes, and whether the size is fixed."""

_USUAL = (32, 28, 64, 224)
_CNN = re.compile(r"(conv|bn|fc)(\d+)\.(weight|bias|running_mean|running_var|num_batches_tracked)")
_ACTIVATION = "Weights don't tell the activation: taken as {}."


def plain_mlp(own: Mapping[str, Tensor]) -> Found | None:
    """A chain of linear layers, whatever their names; None if it is none."""
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in own))
    renamed: dict[str, Tensor] = {}
    widths: list[int] = []
    for number, layer in enumerate(layers, start=1):
        weight, bias = own.get(f"{layer}.weight"), own.get(f"{layer}.bias")
        if weight is None or bias is None or weight.ndim != 2 or tuple(bias.shape) != tuple(weight.shape[:1]):
            return None
        if widths and weight.shape[1] != widths[-1]:
            return None
        widths = widths or [int(weight.shape[1])]
        widths.append(int(weight.shape[0]))
        renamed |= {f"fc{number}.weight": weight, f"fc{number}.bias": bias}
    shape = _image_of(widths[0]) if len(renamed) == len(own) and len(widths) > 1 else None
    if shape is None:
        return None
    hidden = tuple(widths[1:-1])
    notes = (_ACTIVATION.format("ReLU"),) if hidden else ()
    asks = ("activation",) if hidden else ()
    return Mlp(hidden=hidden), widths[-1], shape, renamed, asks, notes, True


def _image_of(values: int) -> Shape | None:
    """The square image of so many values. No number is both a square and three times one."""
    if (side := isqrt(values)) ** 2 == values:
        return side, side, 1
    if values % 3 == 0 and (side := isqrt(values // 3)) ** 2 == values // 3:
        return side, side, 3
    return None


def plain_cnn(own: Mapping[str, Tensor]) -> Found | None:
    """A network of this bench's `cnn` family, as far as shapes tell; None if it is none.

    Where the poolings are, weights don't tell: only how much the maps shrink, once the image's size is known.
    """
    matches = {name: _CNN.fullmatch(name) for name in own}
    if not all(matches.values()):
        return None
    numbers: dict[str, set[int]] = {"conv": set(), "bn": set(), "fc": set()}
    for match in matches.values():
        assert match is not None
        numbers[match[1]].add(int(match[2]))
    convs, linear = sorted(numbers["conv"]), sorted(numbers["fc"])
    if (
        not convs
        or not linear
        or convs != list(range(1, len(convs) + 1))
        or linear != list(range(1, len(linear) + 1))
    ):
        return None
    options = _options(own, convs, linear, numbers["bn"])
    first, last = own["conv1.weight"], own[f"conv{len(convs)}.weight"]
    if options is None or first.shape[1] not in (1, 3):
        return None
    cells = own["fc1.weight"].shape[1] / last.shape[0]
    across = isqrt(int(cells))
    if across < 1 or across**2 != cells:
        return None
    side, pools = _size(across, len(convs), grey=first.shape[1] == 1)
    network = Cnn(**options, pool_after=_spread(pools, len(convs)))
    notes = (
        _ACTIVATION.format("ReLU"),
        f"Nor do they tell image size and poolings: maps that end at {across} × {across} are taken to come from "
        f"{side} × {side} pixels by {pools} poolings, with convolutions that keep the size. "
        "If the network was built otherwise, its maps here are not its own.",
    )
    shape = (side, side, int(first.shape[1]))
    return (
        network,
        len(own[f"fc{len(linear)}.weight"]),
        shape,
        dict(own),
        ("activation", "pool_after"),
        notes,
        False,
    )


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
    if (
        len(kernels) > 1
        or kernel[0] != kernel[1]
        or kernel[0] % 2 == 0
        or kernel[0] > 15
        or batch_norm is None
    ):
        return None
    return {
        "convs": tuple(len(weight) for weight in weights if weight is not None),
        "kernel": int(kernel[0]),
        "batch_norm": batch_norm,
        "linear": tuple(len(unit) for unit in units[:-1] if unit is not None),
    }


def _size(across: int, convs: int, *, grey: bool) -> tuple[int, int]:
    """A likely side of the images, and the number of poolings that leads from it to maps of `across`."""
    usual = sorted(_USUAL, key=lambda side: side != 28) if grey else _USUAL
    for side in usual:
        for pools in range(convs + 1):
            if side >> pools == across:
                return side, pools
    return across << convs, convs


def _spread(pools: int, convs: int) -> tuple[int, ...]:
    """After which convolutions: evenly, the last one among them."""
    return tuple(sorted({convs - round(number * convs / pools) for number in range(pools)})) if pools else ()
