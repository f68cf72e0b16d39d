"""What a layer learns and computes, spelled out as one would on paper."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode


def parameters_in_words(module: nn.Module) -> str:
    """How many numbers a layer learns, as a product: (5·5·3 + 1)·32; empty for one that is made of others."""
    weight, bias = getattr(module, "weight", None), getattr(module, "bias", None)
    if not isinstance(weight, nn.Parameter):
        return ""
    plus = isinstance(bias, nn.Parameter)
    if isinstance(module, nn.Conv2d | nn.Linear):
        outputs, inputs, *kernel = weight.shape
        one = "·".join(map(str, [*kernel, inputs]))
        return f"({one} + 1)·{outputs}" if plus else f"{one}·{outputs}"
    count = "·".join(map(str, weight.shape))
    return f"2·{count}" if plus else count


class MultiplyAccumulates(TorchFunctionMode):
    """Counts multiply-accumulates of all functions called while it is entered; half of what is called FLOPs.

    A bias and the scales of a norm count as one each, as torchinfo has it. Each module has those of its own
    functions, without those of modules inside it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._open = [0]

    def begin(self) -> None:
        """A module is entered."""
        self._open.append(0)

    def end(self) -> int:
        """The module that was entered last is left: how many it had."""
        return self._open.pop()

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        result = func(*args, **given)
        if count := _COUNTS.get(getattr(func, "__name__", "")):
            self._open[-1] += count(result, args, given)
        return result


def _weighted(result: Tensor, args: Any, given: Mapping[str, Any]) -> int:
    """Of a convolution or a linear layer, whose weights (outputs, …) are used once for each place."""
    weight = args[1] if len(args) > 1 else given["weight"]
    bias = args[2] if len(args) > 2 else given.get("bias")
    return int(result.numel() // weight.shape[0] * (weight.numel() + (0 if bias is None else bias.numel())))


def _scaled(result: Tensor, args: Any, given: Mapping[str, Any]) -> int:
    """Of a norm, or of another function with numbers of its own that count once."""
    own = (value for value in (*args, *given.values()) if isinstance(value, nn.Parameter))
    return sum(int(value.numel()) for value in own)


def _product(result: Tensor, args: Any, given: Mapping[str, Any]) -> int:
    """Of matrices."""
    return int(result.numel() * args[0].shape[-1])


def _einsum(result: Tensor, args: Any, given: Mapping[str, Any]) -> int:
    equation, *operands = args
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = list(operands[0])
    terms = equation.replace(" ", "").partition("->")[0].split(",")
    if len(operands) != 2 or "." in equation:
        return 0
    return prod(
        {
            letter: size
            for term, operand in zip(terms, operands, strict=True)
            for letter, size in zip(term, operand.shape, strict=True)
        }.values()
    )


def _attention(result: Any, args: Any, given: Mapping[str, Any]) -> int:
    """Of softmax(QKᵀ)V for each head."""
    query, key, value = args[:3]
    return int(prod(query.shape[:-1]) * key.shape[-2] * (query.shape[-1] + value.shape[-1]))


def _multi_head_attention(result: Any, args: Any, given: Mapping[str, Any]) -> int:
    """With the projections of queries, keys, values and outputs."""
    one = inspect.signature(functional.multi_head_attention_forward).bind(*args, **given).arguments
    width = one["embed_dim_to_check"]
    queries, keys = (one[name].numel() // one[name].shape[-1] for name in ("query", "key"))
    weights = (
        one["in_proj_weight"].chunk(3)
        if one["in_proj_weight"] is not None
        else [one[f"{name}_proj_weight"] for name in "qkv"]
    )
    bias = 0 if one["in_proj_bias"] is None else width
    into = sum(
        tokens * (weight.numel() + bias)
        for tokens, weight in zip((queries, keys, keys), weights, strict=True)
    )
    products = 2 * queries * one["key"].shape[0] * width
    out_bias = one["out_proj_bias"]
    out = queries * (one["out_proj_weight"].numel() + (0 if out_bias is None else out_bias.numel()))
    return int(into + products + out)


_COUNTS: Mapping[str, Callable[[Any, Any, Mapping[str, Any]], int]] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "linear"), _weighted),
    **dict.fromkeys(("batch_norm", "layer_norm", "group_norm", "instance_norm", "prelu"), _scaled),
    **dict.fromkeys(("matmul", "__matmul__", "bmm", "mm"), _product),
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _multi_head_attention,
}
