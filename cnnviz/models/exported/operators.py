"""Which operations a graph may ask for: those of image classifiers, each of which only makes tensors of tensors."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

_OF_TENSORS = """
    abs acos add add_ addcdiv addcmul addmm alias amax amin any argmax argmin asin atan atan2 avg_pool1d avg_pool2d
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d
    baddbmm batch_norm bitwise_and bitwise_not bitwise_or bmm broadcast_to
    cat ceil celu celu_ channel_shuffle chunk clamp clamp_ clamp_max clamp_min clone constant_pad_nd
    contiguous copy copy_
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d convolution cos cosh cumsum
    detach detach_ div div_ dropout dropout_ einsum elu elu_ embedding eq erf exp expand expand_as
    feature_dropout feature_dropout_ fill fill_ flatten flip floor floor_divide frobenius_norm
    gather ge gelu glu group_norm gt hardshrink hardsigmoid hardsigmoid_ hardswish hardswish_ hardtanh hardtanh_
    index index_select instance_norm
    layer_norm le leaky_relu leaky_relu_ lift_fresh_copy linalg_vector_norm linear log log1p log2 log_sigmoid
    log_softmax logical_and logical_not logical_or logsumexp lt
    masked_fill masked_fill_ matmul max max_pool1d max_pool2d maximum mean meshgrid min minimum mish mish_ mm movedim
    mul mul_ mv narrow native_batch_norm native_group_norm native_layer_norm ne neg norm
    pad permute pixel_shuffle pixel_unshuffle pow prelu prod
    reciprocal reflection_pad2d relu relu_ relu6 relu6_ remainder repeat repeat_interleave replication_pad2d reshape
    reshape_as roll round rsqrt rsub rms_norm
    scaled_dot_product_attention select selu selu_ sigmoid sigmoid_ sign silu silu_ sin slice softmax softplus
    softshrink split split_with_sizes sqrt square squeeze stack std sub sub_ sum swapaxes
    t tan tanh tanh_ threshold threshold_ to topk transpose triu tril true_divide type_as
    unbind unflatten unfold unsafe_chunk unsafe_split unsqueeze upsample_bicubic2d upsample_bilinear2d
    upsample_nearest2d _upsample_bilinear2d_aa var var_mean view view_as where zero_
    _adaptive_avg_pool2d _log_softmax _native_batch_norm_legit_no_training _softmax _to_copy _unsafe_view
"""
_OF_SIZES = """
    arange eye full full_like linspace new_full new_ones new_zeros ones ones_like scalar_tensor zeros zeros_like
"""
"""What makes tensors of nothing but sizes, on the device of the image."""
_OF_NUMBERS: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(operator, name) for name in ("add", "sub", "mul", "floordiv", "mod", "neg", "truediv")},
    **{name: getattr(math, name) for name in ("ceil", "floor", "trunc")},
    "sym_max": max,
    "sym_min": min,
    "sym_int": int,
    "sym_float": float,
}
"""What is done with sizes, as PyTorch's graphs call it."""

FACTORIES = frozenset(_OF_SIZES.split())
ALLOWED = (
    frozenset(_OF_TENSORS.split())
    | FACTORIES
    | {"sym_size", "getitem"}
    | {f"number.{n}" for n in _OF_NUMBERS}
)
"""Names of all operations, as a Graph has them: of ATen without overload, of numbers after `number.`."""
TRAINING: Mapping[str, int] = {
    "dropout": 2, "dropout_": 2, "feature_dropout": 2, "feature_dropout_": 2, "batch_norm": 5, "native_batch_norm": 5,
}  # fmt: skip
"""Those that do something else in training, and which of their arguments says so."""


@cache
def function(name: str) -> Callable[..., Any]:
    """What an operation of `ALLOWED` is called with: the function or method that people call in PyTorch.

    Not ATen's own, so that what follows functions through a network (receptive fields, multiply-accumulates, fx)
    meets those that it knows.
    """
    import torch

    if name not in ALLOWED:
        raise KeyError(name)
    if name.startswith("number."):
        return _OF_NUMBERS[name.removeprefix("number.")]
    if name in _OWN:
        return _OWN[name]
    for home in (torch, torch._C._nn):
        if found := getattr(home, name, None):
            return found  # type: ignore[no-any-return]
    if hasattr(torch.Tensor, name):
        return _method(name)
    packet: Callable[..., Any] = getattr(torch.ops.aten, name)
    return packet


def _method(name: str) -> Callable[..., Any]:
    def call(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(tensor, name)(*args, **kwargs)

    return call


def _slice(tensor: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Any:
    return tensor[(slice(None),) * (dim % tensor.ndim) + (slice(start, end, step),)]


def _index(tensor: Any, indices: Any) -> Any:
    return tensor[tuple(slice(None) if one is None else one for one in indices)]


def _size(tensor: Any, dim: int) -> Any:
    return tensor.size(dim)


def _parts(name: str) -> Callable[..., Any]:
    split = _method(name)

    def call(tensor: Any, *args: Any, **kwargs: Any) -> Any:
        dim = kwargs.get("dim", args[-1] if name == "unbind" and args else args[1] if len(args) > 1 else 0)
        size = args[0] if name == "split" and args and isinstance(args[0], int) else 1
        shape = getattr(tensor, "shape", None)
        if isinstance(shape, tuple) and shape[dim] > MOST_PARTS * max(1, size):
            raise ValueError(f"{shape[dim]:,} values are split into too many parts")
        return split(tensor, *args, **kwargs)

    return call


MOST_PARTS = 100_000
_OWN: Mapping[str, Callable[..., Any]] = {
    "slice": _slice,
    "index": _index,
    "sym_size": _size,
    "getitem": operator.getitem,
    **{name: _parts(name) for name in ("split", "unbind")},
    **{
        name: _method(name)
        for name in ("contiguous", "expand", "flatten", "mean", "permute", "repeat", "reshape")
    },
}
