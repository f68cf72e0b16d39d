"""Which layers a tensor was made from, followed through whatever a network does with its tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

Names = tuple[str, ...]


class Origins(TorchFunctionMode):
    """Follows names from one layer to the next through all functions called while it is entered."""

    def __init__(self, image: Tensor) -> None:
        super().__init__()
        self._known: dict[int, tuple[Tensor, Names]] = {id(image): (image, ("image",))}

    def of(self, *values: Any) -> Names:
        """The layers that these tensors, or lists of them, were last the output of, each once."""
        found = [name for tensor in tensors(values) for name in self._known.get(id(tensor), (None, ()))[1]]
        return tuple(dict.fromkeys(found))

    def name(self, tensor: Tensor, name: str) -> None:
        """From here on, `tensor` is the output of the layer called `name`."""
        self._known[id(tensor)] = (tensor, (name,))

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        origins = self.of(*args, *given.values())
        result = func(*args, **given)
        if origins:
            for tensor in tensors([result]):
                self._known[id(tensor)] = (tensor, origins)
        return result


def tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors among `values`, and in lists, tuples and dictionaries among them."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, Mapping):
            yield from tensors(value.values())
        elif isinstance(value, list | tuple):
            yield from tensors(value)
