"""How much of the image a value can depend on, followed through whatever a network does with its tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

Pair = tuple[int, int]


@dataclass(frozen=True)
class Field:
    """What one cell of a map sees (Araujo et al. 2019, Computing Receptive Fields of Convolutional Neural Networks)."""

    size: Pair = (1, 1)
    """Height and width in pixels of the image; more than the image has where zeros around it are seen too."""
    stride: Pair = (1, 1)
    """Pixels from what one cell sees to what the next one sees."""
    start: tuple[float, float] = (0.0, 0.0)
    """Row and column on which the first cell's field is centred; the middle of the first pixel is 0."""
    whole: bool = False
    """Depends on every pixel by construction, as after a linear layer or global pooling."""


def box(field: Field, row: int, column: int, *, image: Pair) -> tuple[int, int, int, int]:
    """Pixels that one cell sees, as far as the image (height, width) has them: top, left, bottom, right.

    Bottom and right are the first that are not seen.
    """
    if field.whole:
        return 0, 0, *image
    found = []
    for at, size, stride, start, side in zip(
        (row, column), field.size, field.stride, field.start, image, strict=True
    ):
        first = start + at * stride - (size - 1) / 2
        found.append((max(0, math.floor(first)), min(side, math.ceil(first) + size)))
    (top, bottom), (left, right) = found
    return top, left, bottom, right


class Fields(TorchFunctionMode):
    """Follows fields from an image through all functions called while it is entered."""

    def __init__(self, image: Tensor) -> None:
        super().__init__()
        self._known: dict[int, tuple[Tensor, Field]] = {id(image): (image, Field())}

    def of(self, tensor: Tensor) -> Field | None:
        """What a cell of `tensor` sees; None for a tensor that does not come from the image."""
        found = self._known.get(id(tensor))
        return found[1] if found else None

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        result = func(*args, **given)
        seen = [field for tensor in _tensors([*args, *given.values()]) if (field := self.of(tensor))]
        if seen:
            rule = _RULES.get(getattr(func, "__name__", ""))
            field = _union(seen)
            changed = rule(field, args, given) if rule else field
            for tensor in _tensors([result]):
                self._known[id(tensor)] = (tensor, changed)
        return result


def _tensors(values: Iterable[Any]) -> Iterable[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _union(fields: list[Field]) -> Field:
    """What a cell sees that is made of cells of all these; they are taken to be centred on one another."""
    return Field(
        size=(max(field.size[0] for field in fields), max(field.size[1] for field in fields)),
        stride=(max(field.stride[0] for field in fields), max(field.stride[1] for field in fields)),
        start=max(fields, key=lambda field: field.size).start,
        whole=any(field.whole for field in fields),
    )


def _window(field: Field, *, kernel: Pair, stride: Pair, dilation: Pair, padding: Pair) -> Field:
    (height, width), (down, across), (top, left) = field.size, field.stride, field.start
    return Field(
        start=(
            top + ((kernel[0] - 1) * dilation[0] / 2 - padding[0]) * down,
            left + ((kernel[1] - 1) * dilation[1] / 2 - padding[1]) * across,
        ),
        size=(height + (kernel[0] - 1) * dilation[0] * down, width + (kernel[1] - 1) * dilation[1] * across),
        stride=(down * stride[0], across * stride[1]),
        whole=field.whole,
    )


def _convolution(field: Field, args: Any, given: Mapping[str, Any]) -> Field:
    weight = _argument(args, given, 1, "weight")
    stride, dilation = _argument(args, given, 3, "stride", 1), _argument(args, given, 5, "dilation", 1)
    kernel = (int(weight.shape[2]), int(weight.shape[3]))
    padding = _argument(args, given, 4, "padding", 0)
    if isinstance(padding, str):
        around = [step * (side - 1) // 2 for step, side in zip(_pair(dilation), kernel, strict=True)]
        padding = around if padding == "same" else 0
    return _window(
        field, kernel=kernel, stride=_pair(stride), dilation=_pair(dilation), padding=_pair(padding)
    )


def _pooling(field: Field, args: Any, given: Mapping[str, Any]) -> Field:
    kernel = _pair(_argument(args, given, 1, "kernel_size"))
    stride = _argument(args, given, 2, "stride") or kernel
    padding, dilation = _argument(args, given, 3, "padding", 0), given.get("dilation", 1)
    return _window(
        field, kernel=kernel, stride=_pair(stride), dilation=_pair(dilation), padding=_pair(padding)
    )


def _adaptive(field: Field, args: Any, given: Mapping[str, Any]) -> Field:
    wanted = _pair(_argument(args, given, 1, "output_size"))
    return field if tuple(args[0].shape[-2:]) == wanted else _all(field)


def _linear(field: Field, args: Any, given: Mapping[str, Any]) -> Field:
    """Over (N, H, W, C) it mixes channels alone; over a flat image it sees all."""
    return field if args[0].ndim == 4 else _all(field)


def _mean(field: Field, args: Any, given: Mapping[str, Any]) -> Field:
    dims = _argument(args, given, 1, "dim")
    over = {dim % 4 for dim in ([dims] if isinstance(dims, int) else dims or range(4))}
    return _all(field) if args[0].ndim == 4 and over & {2, 3} else field


def _all(field: Field, *_: Any) -> Field:
    return replace(field, whole=True)


def _argument(args: Any, given: Mapping[str, Any], index: int, name: str, default: Any = None) -> Any:
    return args[index] if len(args) > index else given.get(name, default)


def _pair(value: Any) -> Pair:
    if isinstance(value, int):
        return value, value
    first, *rest = value
    return int(first), int(rest[0] if rest else first)


_RULES: Mapping[str, Callable[[Field, Any, Mapping[str, Any]], Field]] = {
    "conv2d": _convolution,
    "max_pool2d": _pooling,
    "avg_pool2d": _pooling,
    "adaptive_avg_pool2d": _adaptive,
    "adaptive_max_pool2d": _adaptive,
    "linear": _linear,
    "mean": _mean,
    "scaled_dot_product_attention": _all,
    "multi_head_attention_forward": _all,
    "softmax": _all,
}
