"""How much a network may compute of one image: a graph of a few lines can ask for terabytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

from cnnviz.errors import ConfigError

MOST_VALUES = 2**29
"""Numbers in one tensor: 2 GB."""
MOST_IN_ALL = 2**34


class Bounded(TorchFunctionMode):
    """Raises ConfigError when what is computed while it is entered grows beyond bounds: for passes on meta tensors."""

    def __init__(self) -> None:
        super().__init__()
        self._total = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for one in result if isinstance(result, list | tuple) else (result,):
            if isinstance(one, Tensor):
                self._total += one.numel()
                if one.numel() > MOST_VALUES or self._total > MOST_IN_ALL:
                    raise ConfigError(
                        "This network computes too much of one image: it is damaged, or made to do harm."
                    )
        return result
