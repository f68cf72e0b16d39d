"""What every tensor sees of the image, followed through whatever a network does with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from cnnviz.explore.layers.receptive_field import Field, Pair, settled, union
from cnnviz.explore.layers.spans import NOTHING, spanned, window_groups


class Fields(TorchFunctionMode):
    """Follows fields from an image through all functions called while it is entered."""

    def __init__(self, image: Tensor) -> None:
        super().__init__()
        self._known: dict[int, tuple[Tensor, Field]] = {id(image): (image, Field())}
        self._image = int(image.shape[-2]), int(image.shape[-1])

    def of(self, tensor: Tensor) -> Field | None:
        """What a cell of `tensor` sees; None for a tensor that does not come from the image."""
        found = self._known.get(id(tensor))
        return found[1] if found else None

    def passed(self, module: nn.Module, given: Tensor | None, result: Tensor) -> None:
        """A module has run, as a whole: attention in windows is known by its windows, not by its functions."""
        field = None if given is None else self.of(given)
        if field is None or given is None or field.whole or given.ndim != 4:
            return
        if type(module).__name__ in _WINDOWED and hasattr(module, "window_size"):
            sides, shifts = _pair(module.window_size), _pair(module.shift_size)
            axes = [
                spanned(field.along(axis, count), window_groups(count, sides[axis], shifts[axis]))
                for axis, count in enumerate(given.shape[1:3])
            ]
            self._note(result, settled(replace(field, spans=(axes[0], axes[1])), self._image))

    def _note(self, tensor: Tensor, field: Field) -> None:
        self._known[id(tensor)] = (tensor, field)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        result = func(*args, **given)
        seen = [field for tensor in _tensors([*args, *given.values()]) if (field := self.of(tensor))]
        if seen:
            rule = _RULES.get(getattr(func, "__name__", ""))
            field = union(seen)
            changed = rule(field, args, given, result) if rule else field
            for tensor in _tensors([result]):
                self._note(tensor, settled(changed, self._image))
        return result


def _tensors(values: Iterable[Any]) -> Iterable[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _window(
    field: Field, result: Tensor, *, kernel: Pair, stride: Pair, dilation: Pair, padding: Pair
) -> Field:
    if field.spans is not None:
        axes = [
            spanned(
                field.spans[axis],
                [
                    [
                        at * stride[axis] - padding[axis] + step * dilation[axis]
                        for step in range(kernel[axis])
                    ]
                    for at in range(result.shape[axis - 2])
                ],
            )
            for axis in (0, 1)
        ]
        wider = field.stride[0] * stride[0], field.stride[1] * stride[1]
        return replace(field, spans=(axes[0], axes[1]), stride=wider)
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


def _convolution(field: Field, args: Any, given: Mapping[str, Any], result: Tensor) -> Field:
    weight = _argument(args, given, 1, "weight")
    stride, dilation = _argument(args, given, 3, "stride", 1), _argument(args, given, 5, "dilation", 1)
    kernel = (int(weight.shape[2]), int(weight.shape[3]))
    padding = _argument(args, given, 4, "padding", 0)
    if isinstance(padding, str):
        around = [step * (side - 1) // 2 for step, side in zip(_pair(dilation), kernel, strict=True)]
        padding = around if padding == "same" else 0
    return _window(
        field, result, kernel=kernel, stride=_pair(stride), dilation=_pair(dilation), padding=_pair(padding)
    )


def _pooling(field: Field, args: Any, given: Mapping[str, Any], result: Tensor) -> Field:
    kernel = _pair(_argument(args, given, 1, "kernel_size"))
    stride = _argument(args, given, 2, "stride") or kernel
    padding, dilation = _argument(args, given, 3, "padding", 0), given.get("dilation", 1)
    return _window(
        field,
        _first(result),
        kernel=kernel,
        stride=_pair(stride),
        dilation=_pair(dilation),
        padding=_pair(padding),
    )


def _adaptive(field: Field, args: Any, given: Mapping[str, Any], result: Tensor) -> Field:
    """Windows from ⌊i·n/k⌋ to ⌈(i + 1)·n/k⌉ of n cells for each of k."""
    before, after = args[0].shape[-2:], _first(result).shape[-2:]
    if before == after:
        return field
    if field.whole or tuple(after) == (1, 1):
        return _all(field)
    axes = [
        spanned(field.along(axis, n), [range(at * n // k, -(-(at + 1) * n // k)) for at in range(k)])
        for axis, (n, k) in enumerate(zip(before, after, strict=True))
    ]
    return replace(field, spans=(axes[0], axes[1]))


def _slices(field: Field, args: Any, given: Mapping[str, Any], result: Tensor) -> Field:
    """Every other row and column, as where patches are merged."""
    steps = (
        [one for one in args[1] if isinstance(one, slice) and one.step not in (None, 1)]
        if isinstance(args[1], tuple)
        else []
    )
    if len(steps) != 2:
        return field
    if field.spans is not None:
        return replace(field, spans=(field.spans[0][steps[0]], field.spans[1][steps[1]]))
    return replace(
        field,
        start=(
            field.start[0] + (steps[0].start or 0) * field.stride[0],
            field.start[1] + (steps[1].start or 0) * field.stride[1],
        ),
        stride=(field.stride[0] * steps[0].step, field.stride[1] * steps[1].step),
    )


def _padding(field: Field, args: Any, given: Mapping[str, Any], result: Tensor) -> Field:
    """Cells around that see nothing: of maps (N, C, H, W), or of (N, H, W, C)."""
    pads = list(_argument(args, given, 1, "pad"))
    if args[0].ndim != 4 or not any(pads):
        return field
    left, right, top, bottom = ([*pads, 0, 0, 0, 0] if len(pads) < 6 else pads[2:])[:4]
    if field.spans is not None:
        rows, columns = field.spans
        return replace(
            field,
            spans=(
                (NOTHING,) * top + rows + (NOTHING,) * bottom,
                (NOTHING,) * left + columns + (NOTHING,) * right,
            ),
        )
    down, across = field.stride
    return replace(field, start=(field.start[0] - top * down, field.start[1] - left * across))


def _linear(field: Field, args: Any, given: Mapping[str, Any], result: Tensor) -> Field:
    """Over (N, H, W, C) it mixes channels alone; over a flat image it sees all."""
    return field if args[0].ndim == 4 else _all(field)


def _mean(field: Field, args: Any, given: Mapping[str, Any], result: Tensor) -> Field:
    dims = _argument(args, given, 1, "dim")
    over = {dim % 4 for dim in ([dims] if isinstance(dims, int) else dims or range(4))}
    return _all(field) if args[0].ndim == 4 and over & {2, 3} else field


def _all(field: Field, *_: Any) -> Field:
    return replace(field, whole=True, spans=None)


def _first(result: Any) -> Tensor:
    tensor: Tensor = result[0] if isinstance(result, tuple) else result
    return tensor


def _argument(args: Any, given: Mapping[str, Any], index: int, name: str, default: Any = None) -> Any:
    return args[index] if len(args) > index else given.get(name, default)


def _pair(value: Any) -> Pair:
    if isinstance(value, int):
        return value, value
    first, *rest = value
    return int(first), int(rest[0] if rest else first)


_WINDOWED = ("ShiftedWindowAttention", "ShiftedWindowAttentionV2")
"""torchvision's, by name: threads that import torchvision may block each other."""
_RULES: Mapping[str, Callable[[Field, Any, Mapping[str, Any], Any], Field]] = {
    "__getitem__": _slices,
    "pad": _padding,
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
