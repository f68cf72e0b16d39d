"""One number of one map, worked out: what lies under the kernel, times the kernel, and what is done with the sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnviz.errors import LayerNotFound
from cnnviz.explore.activations import batch_of
from cnnviz.explore.capture import Reached, evaluating, first_tensor, fitting
from cnnviz.explore.layers import Layer, layer_named

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Step:
    """One operation on the way to the cell."""

    layer: str
    title: str
    """What is done, in words."""
    formula: str
    """The same with this network's numbers."""
    value: float


@dataclass(frozen=True)
class Cell:
    """How a cell came by its value."""

    layer: str
    channel: int
    row: int
    column: int
    value: float
    """As the network gave it."""
    steps: tuple[Step, ...]
    """In order; the last one's value is the cell's, to within rounding."""
    patch: Values | None = None
    """Input under the kernel, (C, h, w), zero where it hangs over the edge; None where there is no kernel."""
    kernel: Values | None = None
    """(C, h, w)."""
    contributions: Values | None = None
    """Sum of patch × kernel for each input channel, (C,)."""
    source: str = ""
    """Layer that the patch is from, or "image"."""


def cell(
    model: nn.Module,
    image: NDArray[np.float32],
    listed: Sequence[Layer],
    layer: str,
    *,
    channel: int,
    row: int,
    column: int,
) -> Cell:
    """The arithmetic of one cell of `layer` for one normalised image (C, H, W): see `Trace.cell`.

    Raises LayerNotFound for another layer, and IndexError for a cell that the map does not have.
    """
    return trace(model, image, listed, layer).cell(channel=channel, row=row, column=column)


def trace(model: nn.Module, image: NDArray[np.float32], listed: Sequence[Layer], layer: str) -> Trace:
    """What all cells of `layer` are made of, for one normalised image (C, H, W). The pass stops at the layer.

    Raises LayerNotFound for another layer.
    """
    chain = _chain(listed, layer)
    calls = _run(model, image, [one.name for one in chain])
    return Trace(layer, tuple(one.name for one in chain), calls, chain[0].input)


@dataclass(frozen=True)
class Trace:
    """What went into the layers that decide a layer's cells, and what came out, in one pass.

    It reaches back from the layer through activation and batch norm to the convolution or linear layer before them,
    or to what cannot be followed further (a residual sum, say), whose value is then taken as given.
    """

    layer: str
    names: tuple[str, ...]
    """Of the layers in order, `layer` last."""
    calls: Mapping[str, _Call]
    source: str
    """Layer that the first one reads, or "image"."""

    def cell(self, *, channel: int, row: int, column: int) -> Cell:
        """The arithmetic of one cell. Raises IndexError for one that the map does not have."""
        place = _Place(channel, row, column)
        first = self.calls[self.names[0]]
        made = _operations(first.module)(first, place, self.names[0])
        steps = [made.step]
        for name in self.names[1:]:
            module = self.calls[name].module
            steps.append(_FOLLOWING[type(module)](module, steps[-1].value, place, name))
        return Cell(
            layer=self.layer,
            channel=channel,
            row=row,
            column=column,
            value=_at(self.calls[self.layer].output, place),
            steps=tuple(steps),
            patch=made.patch,
            kernel=made.kernel,
            contributions=None
            if made.patch is None or made.kernel is None
            else (made.patch * made.kernel).sum((1, 2)),
            source=self.source,
        )


@dataclass(frozen=True)
class _Place:
    channel: int
    row: int
    column: int


@dataclass(frozen=True)
class _Call:
    """One pass through a module."""

    module: nn.Module
    input: Tensor
    output: Tensor


@dataclass(frozen=True)
class _Made:
    step: Step
    patch: Values | None = None
    kernel: Values | None = None


def _chain(listed: Sequence[Layer], layer: str) -> list[Layer]:
    """The layers from the last one with a kernel to `layer`, as far as each has the one before as its only input."""
    chain = [layer_named(listed, layer)]
    by_name = {one.name: one for one in listed}
    while chain[0].kind in _NAMES and (before := by_name.get(chain[0].input)):
        if before.output_shape != chain[0].output_shape:  # flattened on the way, say
            break
        chain.insert(0, before)
    return chain


def _run(model: nn.Module, image: NDArray[np.float32], names: Sequence[str]) -> dict[str, _Call]:
    """Inputs and outputs of these layers in one pass."""
    seen: dict[str, _Call] = {}
    entered: dict[str, Tensor] = {}
    counts: dict[str, int] = {}
    modules = {name.partition(":")[0]: model.get_submodule(name.partition(":")[0]) for name in names}

    def enter(name: str) -> Callable[[nn.Module, Any], None]:
        def hook(_: nn.Module, args: Any) -> None:
            tensor = first_tensor(args)
            if tensor is not None:
                entered[name] = tensor.detach().clone()  # the layer may work in place

        return hook

    def leave(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            tensor = first_tensor(output)
            counts[name] = counts.get(name, 0) + 1
            full = name if counts[name] == 1 else f"{name}:{counts[name]}"
            if full in names and tensor is not None:
                # What is given a list of tensors, as DenseNet's layers are, is not followed into its input.
                given = entered.get(name, torch.empty(0))
                seen[full] = _Call(module, given, tensor.detach().clone())
                if len(seen) == len(names):
                    raise Reached

        return hook

    with evaluating(model), ExitStack() as stack, suppress(Reached), torch.inference_mode():
        for name, module in modules.items():
            stack.callback(module.register_forward_pre_hook(enter(name)).remove)
            stack.callback(module.register_forward_hook(leave(name)).remove)
        model(fitting(model, batch_of(image)))
    for name in names:
        if name not in seen:
            raise LayerNotFound(name, available=seen)
    return seen


def _at(maps: Tensor, place: _Place) -> float:
    values = _laid_out(maps)
    if not all(
        0 <= at < size
        for at, size in zip((place.channel, place.row, place.column), values.shape, strict=True)
    ):
        raise IndexError(f"There is no cell {place} in maps of {tuple(values.shape)}.")
    return float(values[place.channel, place.row, place.column])


def _laid_out(maps: Tensor) -> Tensor:
    """The first image's values as `activations.maps_of` lays them out: (C, H, W)."""
    values = maps[0]
    if values.ndim < 2:
        return values.reshape(-1, 1, 1)
    return values.reshape(-1, *values.shape[-2:])


def _operations(module: nn.Module) -> Callable[[_Call, _Place, str], _Made]:
    return next((make for kind, make in _BEGINNING.items() if isinstance(module, kind)), _given)


def _given(call: _Call, place: _Place, name: str) -> _Made:
    value = _at(call.output, place)
    return _Made(Step(name, "As it comes", _number(value), value))


def _convolution(call: _Call, place: _Place, name: str) -> _Made:
    module = call.module
    assert isinstance(module, nn.Conv2d)
    _at(call.output, place)
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


def _linear(call: _Call, place: _Place, name: str) -> _Made:
    module = call.module
    assert isinstance(module, nn.Linear)
    _at(call.output, place)
    many = call.output.ndim > 2  # it reads every token by itself: its units are the last axis
    unit = place.column if many else place.channel
    values = _laid_out(call.input)[place.channel, place.row] if many else call.input[0]
    kernel = module.weight.detach()[unit].double()[:, None, None]
    return _summed(values.double()[:, None, None], kernel, module.bias, unit, name=name, title="Linear layer")


def _summed(patch: Tensor, kernel: Tensor, bias: Tensor | None, unit: int, *, name: str, title: str) -> _Made:
    total = float((patch * kernel).sum())
    own = 0.0 if bias is None else float(bias.detach()[unit])
    text = f"Σ input × weight = {_number(total)}"
    if bias is not None:
        text += f", {_signed(own)} (bias) = {_number(total + own)}"
    return _Made(Step(name, title, text, total + own), patch.numpy(), kernel.numpy())


def _largest(call: _Call, place: _Place, name: str) -> _Made:
    module = call.module
    assert isinstance(module, nn.MaxPool2d)
    value = _at(call.output, place)
    return _Made(Step(name, f"Largest of {_window(module.kernel_size)}", f"max = {_number(value)}", value))


def _batch_norm(module: nn.Module, value: float, place: _Place, name: str) -> Step:
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
    return Step(name, "Batch norm", text, result)


def _activation(module: nn.Module, value: float, place: _Place, name: str) -> Step:
    result = float(module(torch.tensor(value, dtype=torch.float64)))
    kind = type(module).__name__
    return Step(name, kind, f"{kind}({_number(value)}) = {_number(result)}", result)


def _unchanged(module: nn.Module, value: float, place: _Place, name: str) -> Step:
    return Step(name, f"{type(module).__name__}, unchanged when evaluated", _number(value), value)


def _same(module: nn.Conv2d) -> tuple[int, int]:
    """Padding on the upper and left side of `padding="same"`."""
    if module.padding == "valid":
        return 0, 0
    (high, wide), (rows, columns) = module.dilation, module.kernel_size
    return high * (rows - 1) // 2, wide * (columns - 1) // 2


def _window(size: Any) -> str:
    return f"{size}×{size}" if isinstance(size, int) else "×".join(map(str, size))


def _number(value: float) -> str:
    return f"{value:.5g}".replace("-", "−")


def _bracketed(value: float) -> str:
    return f"({_number(value)})" if value < 0 else _number(value)


def _signed(value: float) -> str:
    return f"− {_number(-value)}" if value < 0 else f"+ {_number(value)}"


_BEGINNING: Mapping[type[nn.Module], Callable[[_Call, _Place, str], _Made]] = {
    nn.Conv2d: _convolution,
    nn.Linear: _linear,
    nn.MaxPool2d: _largest,
}
_FOLLOWING: Mapping[type[nn.Module], Callable[[nn.Module, float, _Place, str], Step]] = {
    nn.BatchNorm2d: _batch_norm,
    **dict.fromkeys(
        (nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.GELU, nn.Mish, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Hardswish),
        _activation,
    ),
    **dict.fromkeys((nn.Dropout, nn.Identity), _unchanged),
}
_NAMES = frozenset(kind.__name__ for kind in _FOLLOWING)
