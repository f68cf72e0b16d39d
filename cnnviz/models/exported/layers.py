"""PyTorch's own layers in the place of modules whose graph is what such a layer does.

So that what asks for `nn.Conv2d` and its stride finds one, in a network of someone else's as in the bench's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from cnnviz.models.exported.graph import StoredTensor
from cnnviz.models.exported.interpreted import Own, Size, Slot, Step, Steps

_INPUT = Slot(0)


class Permute(nn.Module):
    """Another order of axes; torchvision has a layer of this name and these `dims`, too."""

    def __init__(self, dims: list[int]) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, values: Tensor) -> Tensor:
        return values.permute(self.dims)


def layer(steps: Steps, tensors: Mapping[str, StoredTensor], kind: str) -> nn.Module | None:
    """The layer of PyTorch that does just these steps with just these tensors (by names from the module); else None."""
    if len(steps.steps) != 1 or steps.inputs != 1:
        return None
    (step,) = steps.steps
    make = _LAYERS.get(step.operation)
    # Of a pooling, the places of the largest values are left out, as its layer does.
    first = step.gives[0] if isinstance(step.gives, tuple) else step.gives
    if make is None or step.module or steps.outputs != (first,) or step.args[:1] != (_INPUT,):
        return None
    given = _Arguments(step.args, dict(step.keywords), tensors, kind)
    try:
        made = make(given)
    except (_Other, ValueError, TypeError, IndexError, AttributeError):
        return None
    if given.unread:
        return None
    own = {name: tuple(value.shape) for name, value in made.state_dict().items()}
    expected = {name: one.shape for name, one in tensors.items()}
    if own.keys() - expected.keys() == {"num_batches_tracked"}:
        made.num_batches_tracked = None  # type: ignore[assignment]  # which counts steps of training
        del own["num_batches_tracked"]
    return made if own == expected else None


def of_function(step: Step) -> nn.Module | None:
    """The layer that does what a function between layers does, `relu(x)` say; None where PyTorch has none."""
    one = isinstance(step.gives, int) and step.args and isinstance(step.args[0], Slot)
    if step.operation not in FUNCTIONS or not one:
        return None
    alone = Step(step.operation, False, (_INPUT, *step.args[1:]), step.keywords, 1)
    return layer(Steps(1, (alone,), (1,)), {}, "")


class _Other(Exception):
    """The layer would do something else."""


class _Arguments:
    """Those of one operation, by place and by ATen's name."""

    def __init__(
        self,
        args: tuple[Any, ...],
        keywords: Mapping[str, Any],
        tensors: Mapping[str, StoredTensor],
        kind: str,
    ) -> None:
        self._args = {place: value for place, value in enumerate(args) if place}
        self._keywords, self._tensors, self.kind = dict(keywords), tensors, kind

    def __call__(self, place: int, name: str, default: Any = None) -> Any:
        """A number, a text or a tuple of such."""
        value = self._take(place, name, default)
        if any(
            isinstance(one, Slot | Own | Size) for one in (value if isinstance(value, tuple) else (value,))
        ):
            raise _Other
        return value

    def tensor(self, place: int, name: str) -> StoredTensor | None:
        """The module's own tensor of that name; None where none is given."""
        value = self._take(place, name, None)
        if value is None:
            return None
        if value != Own(name) or name not in self._tensors:
            raise _Other
        return self._tensors[name]

    def _take(self, place: int, name: str, default: Any) -> Any:
        return self._args.pop(place) if place in self._args else self._keywords.pop(name, default)

    @property
    def unread(self) -> bool:
        """Whether the operation was given anything else."""
        return bool(self._args or self._keywords)

    def weight(self, at: int = 1) -> StoredTensor:
        found = self.tensor(at, "weight")
        if found is None:
            raise _Other
        return found


def _conv2d(given: _Arguments) -> nn.Module:
    (outputs, inputs, high, wide), bias = given.weight().shape, given.tensor(2, "bias")
    groups = given(6, "groups", 1)
    return nn.Conv2d(
        inputs * groups,
        outputs,
        (high, wide),
        stride=_pair(given(3, "stride", 1)),
        padding=padding if isinstance(padding := given(4, "padding", 0), str) else _pair(padding),
        dilation=_pair(given(5, "dilation", 1)),
        groups=groups,
        bias=bias is not None,
    )


def _linear(given: _Arguments) -> nn.Module:
    outputs, inputs = given.weight().shape
    return nn.Linear(inputs, outputs, bias=given.tensor(2, "bias") is not None)


def _batch_norm(given: _Arguments) -> nn.Module:
    weight, bias = given.tensor(1, "weight"), given.tensor(2, "bias")
    mean, variance = given.tensor(3, "running_mean"), given.tensor(4, "running_var")
    given(5, "training")
    given(8, "cudnn_enabled")
    if mean is None or variance is None or (weight is None) != (bias is None):
        raise _Other
    kind = nn.BatchNorm1d if given.kind == "BatchNorm1d" else nn.BatchNorm2d
    return kind(mean.shape[0], eps=given(7, "eps"), momentum=given(6, "momentum"), affine=weight is not None)


def _layer_norm(given: _Arguments) -> nn.Module:
    weight, bias = given.tensor(2, "weight"), given.tensor(3, "bias")
    given(5, "cudnn_enable")
    return nn.LayerNorm(
        list(given(1, "normalized_shape")),
        eps=given(4, "eps", 1e-5),
        elementwise_affine=weight is not None,
        bias=bias is not None,
    )


def _group_norm(given: _Arguments) -> nn.Module:
    weight = given.weight(2)
    given(5, "cudnn_enabled")
    if given.tensor(3, "bias") is None:
        raise _Other
    return nn.GroupNorm(given(1, "num_groups"), weight.shape[0], eps=given(4, "eps", 1e-5))


def _max_pool2d(given: _Arguments) -> nn.Module:
    kernel = given(1, "kernel_size")
    return nn.MaxPool2d(
        _shortest(kernel),
        stride=_shortest(given(2, "stride") or kernel),
        padding=_shortest(given(3, "padding", 0)),
        dilation=_shortest(given(4, "dilation", 1)),
        ceil_mode=given(5, "ceil_mode", False),
    )


def _avg_pool2d(given: _Arguments) -> nn.Module:
    kernel = given(1, "kernel_size")
    return nn.AvgPool2d(
        _shortest(kernel),
        stride=_shortest(given(2, "stride") or kernel),
        padding=_shortest(given(3, "padding", 0)),
        ceil_mode=given(4, "ceil_mode", False),
        count_include_pad=given(5, "count_include_pad", True),
        divisor_override=given(6, "divisor_override"),
    )


def _pair(value: Any) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    if len(value) not in (1, 2):
        raise _Other
    return value[0], value[-1]


def _shortest(value: Any) -> Any:
    """As people write it: 2 rather than (2, 2)."""
    first, second = _pair(value)
    return first if first == second else (first, second)


def _activation(
    kind: Callable[..., nn.Module], **options: tuple[int, str, Any]
) -> Callable[[_Arguments], nn.Module]:
    """Of one that takes nothing but options, each at its place, under ATen's name, with its default."""
    return lambda given: kind(**{name: given(*where) for name, where in options.items()})


def _dropout(kind: Callable[..., nn.Module]) -> Callable[[_Arguments], nn.Module]:
    def made(given: _Arguments) -> nn.Module:
        given(2, "train")
        return kind(given(1, "p"))

    return made


def _softmax(given: _Arguments) -> nn.Module:
    if given(2, "dtype") is not None:
        raise _Other  # it computes in another precision
    return nn.Softmax(given(1, "dim"))


_ACTIVATIONS: Mapping[str, Callable[[_Arguments], nn.Module]] = {
    "relu": _activation(nn.ReLU),
    "relu6": _activation(nn.ReLU6),
    "elu": lambda given: (
        nn.ELU(given(1, "alpha", 1.0))
        if given(2, "scale", 1) == given(3, "input_scale", 1) == 1
        else _refuse()
    ),
    "selu": _activation(nn.SELU),
    "leaky_relu": _activation(nn.LeakyReLU, negative_slope=(1, "negative_slope", 0.01)),
    "gelu": _activation(nn.GELU, approximate=(1, "approximate", "none")),
    "silu": _activation(nn.SiLU),
    "mish": _activation(nn.Mish),
    "sigmoid": _activation(nn.Sigmoid),
    "tanh": _activation(nn.Tanh),
    "hardswish": _activation(nn.Hardswish),
    "hardsigmoid": _activation(nn.Hardsigmoid),
    "softplus": _activation(nn.Softplus, beta=(1, "beta", 1), threshold=(2, "threshold", 20)),
    "hardtanh": lambda given: (
        nn.ReLU6() if (given(1, "min_val", -1), given(2, "max_val", 1)) == (0, 6) else _refuse()
    ),
}


def _refuse() -> nn.Module:
    raise _Other


def _in_place(make: Callable[[_Arguments], nn.Module]) -> Callable[[_Arguments], nn.Module]:
    def made(given: _Arguments) -> nn.Module:
        module = make(given)
        if not hasattr(module, "inplace"):
            raise _Other
        module.inplace = True  # type: ignore[assignment]
        return module

    return made


FUNCTIONS: Mapping[str, Callable[[_Arguments], nn.Module]] = {
    **_ACTIVATIONS,
    **{f"{name}_": _in_place(make) for name, make in _ACTIVATIONS.items()},
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "adaptive_avg_pool2d": lambda given: nn.AdaptiveAvgPool2d(_shortest(given(1, "output_size"))),
    "adaptive_max_pool2d": lambda given: nn.AdaptiveMaxPool2d(_shortest(given(1, "output_size"))),
}
"""Operations without tensors of their own, which people write as functions between their layers."""
_LAYERS: Mapping[str, Callable[[_Arguments], nn.Module]] = {
    **FUNCTIONS,
    "conv2d": _conv2d,
    "linear": _linear,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "dropout": _dropout(nn.Dropout),
    "dropout_": _in_place(_dropout(nn.Dropout)),
    "feature_dropout": _dropout(nn.Dropout2d),
    "feature_dropout_": _in_place(_dropout(nn.Dropout2d)),
    "flatten": lambda given: nn.Flatten(given(1, "start_dim", 0), given(2, "end_dim", -1)),
    "softmax": _softmax,
    "permute": lambda given: Permute(list(given(1, "dims"))),
}
