"""What a layer learns and computes, spelled out as one would on paper."""

from collections.abc import Sequence
from math import prod

from torch import nn


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


def multiply_accumulates(module: nn.Module, output_shape: Sequence[int]) -> int:
    """Multiply-accumulates of a layer for one image; half of what is called FLOPs. `output_shape` has no batch.

    A bias and the scales of a norm count as one each, as torchinfo has it.
    """
    own = [
        value
        for value in (getattr(module, "weight", None), getattr(module, "bias", None))
        if value is not None
    ]
    count = sum(value.numel() for value in own if isinstance(value, nn.Parameter))
    if isinstance(module, nn.Conv2d):
        return count * prod(output_shape[1:])
    if isinstance(module, nn.Linear):
        return count * prod(output_shape[:-1])
    return count
