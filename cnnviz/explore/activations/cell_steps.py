"""The arithmetic of one module for one cell of its output, with the network's own numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.formatting import decimal

Values = NDArray[np.float64]


@dataclass(frozen=True)
class ArithmeticStep:
    """One operation on the way to the cell."""

    layer: str
    title: str
    """What is done, in words."""
    formula: str
    """The same with this network's numbers."""
    value: float


@dataclass(frozen=True)
class Place:
    channel: int
    row: int
    column: int


@dataclass(frozen=True)
class Call:
    """One pass through a module."""

    module: nn.Module
    input: Tensor
    output: Tensor


@dataclass(frozen=True)
class FirstStep:
    step: ArithmeticStep
    patch: Values | None = None
    kernel: Values | None = None


def at(maps: Tensor, place: Place) -> float:
    values = laid_out(maps)
    if not all(
        0 <= at < size
        for at, size in zip((place.channel, place.row, place.column), values.shape, strict=True)
    ):
        raise IndexError(f"There is no cell {place} in maps of {tuple(values.shape)}.")
    return float(values[place.channel, place.row, place.column])


def laid_out(maps: Tensor) -> Tensor:
    """The first image's values as `activations.maps_of` lays them out: (C, H, W)."""
    values = maps[0]
    if values.ndim < 2:
        return values.reshape(-1, 1, 1)
    return values.reshape(-1, *values.shape[-2:])


def beginning(call: Call, place: Place, name: str) -> FirstStep:
    """The step that a cell's arithmetic begins with: a sum over a kernel, or a value that is taken as it comes."""
    made = next((make for kind, make in _BEGINNING.items() if isinstance(call.module, kind)), _given)
    return made(call, place, name)


def following(module: nn.Module, value: float, place: Place, name: str) -> ArithmeticStep:
    """What a module whose class is one of `FOLLOWING` makes of one value."""
    return _FOLLOWING[type(module)](module, value, place, name)


def joined(parts: Mapping[str, float]) -> ArithmeticStep:
    """The sum of branches, by the layers that they end with."""
    total = sum(parts.values())
    terms = " + ".join(f"{_bracketed(value)} ({name})" for name, value in parts.items())
    return ArithmeticStep("+", "Branches join", f"{terms} = {_number(total)}", total)


def _given(call: Call, place: Place, name: str) -> FirstStep:
    value = at(call.output, place)
    return FirstStep(ArithmeticStep(name, "As it comes", _number(value), value))


def _convolution(call: Call, place: Place, name: str) -> FirstStep:
    module = call.module
    assert isinstance(module, nn.Conv2d)
    at(call.output, place)
    kernel = module.weight.detach()[place.channel].double()
    per_group = kernel.shape[0]
    first = place.channel // (module.out_channels // module.groups) * per_group
    values = call.input[0, first : first + per_group].double()
    (down, across), (high, wide) = module.stride, module.dilation
    pads = module.padding if not isinstance(module.padding, str) else _same(module)
    top, left = place.row * down - pads[0], place.column * across - pads[1]
    patch = torch.zeros_like(kernel)
    for i in range(kernel.shape[1]):
        for j in range(kernel.shape[2]):
            y, x = top + i * high, left + j * wide
            if 0 <= y < values.shape[1] and 0 <= x < values.shape[2]:
                patch[:, i, j] = values[:, y, x]
    title = f"{kernel.shape[1]}×{kernel.shape[2]} convolution"
    return _summed(patch, kernel, module.bias, place.channel, name=name, title=title)


def _linear(call: Call, place: Place, name: str) -> FirstStep:
    module = call.module
    assert isinstance(module, nn.Linear)
    at(call.output, place)
    tokens = call.output.ndim == 3  # each is read by itself, and units are the last axis
    unit = place.column if tokens else place.channel
    if tokens:
        values = laid_out(call.input)[place.channel, place.row]
    else:
        values = call.input[0] if call.output.ndim == 2 else call.input[0, :, place.row, place.column]
    kernel = module.weight.detach()[unit].double()[:, None, None]
    return _summed(values.double()[:, None, None], kernel, module.bias, unit, name=name, title="Linear layer")


def _summed(
    patch: Tensor, kernel: Tensor, bias: Tensor | None, unit: int, *, name: str, title: str
) -> FirstStep:
    total = float((patch * kernel).sum())
    own = 0.0 if bias is None else float(bias.detach()[unit])
    text = f"Σ input × weight = {_number(total)}"
    if bias is not None:
        text += f", {_signed(own)} (bias) = {_number(total + own)}"
    return FirstStep(ArithmeticStep(name, title, text, total + own), patch.numpy(), kernel.numpy())


def _largest(call: Call, place: Place, name: str) -> FirstStep:
    module = call.module
    assert isinstance(module, nn.MaxPool2d)
    value = at(call.output, place)
    return FirstStep(
        ArithmeticStep(name, f"Largest of {_window(module.kernel_size)}", f"max = {_number(value)}", value)
    )


def _batch_norm(module: nn.Module, value: float, place: Place, name: str) -> ArithmeticStep:
    assert isinstance(module, nn.BatchNorm2d)
    assert module.running_mean is not None
    assert module.running_var is not None
    mean, variance = float(module.running_mean[place.channel]), float(module.running_var[place.channel])
    weight = 1.0 if module.weight is None else float(module.weight.detach()[place.channel])
    bias = 0.0 if module.bias is None else float(module.bias.detach()[place.channel])
    result = (value - mean) / (variance + module.eps) ** 0.5 * weight + bias
    text = (
        f"({_number(value)} − {_bracketed(mean)}) / √({_number(variance)} + {module.eps:g}) × {_bracketed(weight)} "
        f"{_signed(bias)} = {_number(result)}"
    )
    return ArithmeticStep(name, "Batch norm", text, result)


def _activation(module: nn.Module, value: float, place: Place, name: str) -> ArithmeticStep:
    result = float(module(torch.tensor(value, dtype=torch.float64)))
    kind = type(module).__name__
    return ArithmeticStep(name, kind, f"{kind}({_number(value)}) = {_number(result)}", result)


def _unchanged(module: nn.Module, value: float, place: Place, name: str) -> ArithmeticStep:
    return ArithmeticStep(name, f"{type(module).__name__}, unchanged when evaluated", _number(value), value)


def _same(module: nn.Conv2d) -> tuple[int, int]:
    """Padding on the upper and left side of `padding="same"`."""
    if module.padding == "valid":
        return 0, 0
    (high, wide), (rows, columns) = module.dilation, module.kernel_size
    return high * (rows - 1) // 2, wide * (columns - 1) // 2


def _window(size: Any) -> str:
    return f"{size}×{size}" if isinstance(size, int) else "×".join(map(str, size))


def _number(value: float) -> str:
    return decimal(value, ".5g")


def _bracketed(value: float) -> str:
    return f"({_number(value)})" if value < 0 else _number(value)


def _signed(value: float) -> str:
    return f"− {_number(-value)}" if value < 0 else f"+ {_number(value)}"


_BEGINNING: Mapping[type[nn.Module], Callable[[Call, Place, str], FirstStep]] = {
    nn.Conv2d: _convolution,
    nn.Linear: _linear,
    nn.MaxPool2d: _largest,
}
_FOLLOWING: Mapping[type[nn.Module], Callable[[nn.Module, float, Place, str], ArithmeticStep]] = {
    nn.BatchNorm2d: _batch_norm,
    **dict.fromkeys(
        (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.GELU, nn.Mish, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Hardswish),
        _activation,
    ),
    **dict.fromkeys((nn.Dropout, nn.Identity), _unchanged),
}
FOLLOWING = frozenset(kind.__name__ for kind in _FOLLOWING)
"""Classes of modules that make one value of one value."""
