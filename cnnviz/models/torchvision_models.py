"""torchvision's classifiers, imported without PyTorch's compiler, which takes as long to load as torch itself.

An operator for detection, which no classifier has, imports it for a question that is asked only when it runs.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

_COMPILER = "torch._dynamo.utils"


def _is_compile_supported(device: Any) -> bool:
    from torch._dynamo.utils import is_compile_supported

    return bool(is_compile_supported(device))


@contextmanager
def _compiler_later() -> Iterator[None]:
    """In this block, whoever imports that question gets one that loads the compiler when it is asked."""
    if _COMPILER in sys.modules:
        yield
        return
    stand_in = ModuleType(_COMPILER)
    stand_in.is_compile_supported = _is_compile_supported  # type: ignore[attr-defined]
    sys.modules[_COMPILER] = stand_in
    try:
        yield
    finally:
        del sys.modules[_COMPILER]


with _compiler_later():
    from torchvision.models import (
        AlexNet,
        ResNet,
        ResNet18_Weights,
        WeightsEnum,
        get_model,
        get_model_weights,
        resnet18,
        vgg11_bn,
    )

__all__ = [
    "AlexNet",
    "ResNet",
    "ResNet18_Weights",
    "WeightsEnum",
    "get_model",
    "get_model_weights",
    "resnet18",
    "vgg11_bn",
]
