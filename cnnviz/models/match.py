"""A network that weights fit, or how they differ from one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from cnnviz.config import Network, Torchvision
from cnnviz.models.registry import FAMILIES, Shape

Option = str
"""A setting of the network that shapes don't tell: `activation`, `padding`, `pool_after`."""
COUNTER = "num_batches_tracked"
_NAMED = 3


@dataclass(frozen=True)
class Match:
    """A network that the weights fit."""

    network: Network
    """With defaults, or what is likeliest, where shapes don't tell."""
    classes: int
    image_shape: Shape
    """Fixed by the shapes, or the usual size."""
    tensors: Mapping[str, Tensor]
    """Under the network's own names; auxiliary heads are left out."""
    fixed_size: bool = False
    """Whether the network reads images of this size only."""
    options: tuple[Option, ...] = ()
    cells: int = 0
    """Of a plain CNN: so many cells across are the maps that its first linear layer reads."""
    unusual: bool = False
    """No usual size of images leads to that many cells: `image_shape` is a guess."""
    notes: tuple[str, ...] = ()
    """What was left out, a sentence each."""


@dataclass(frozen=True)
class Misfit:
    """How a network differs from the weights."""

    title: str
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    reshaped: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = ()
    """Name, shape in the file and shape expected."""

    @property
    def count(self) -> int:
        return len(self.missing) + len(self.extra) + len(self.reshaped)

    def __str__(self) -> str:
        parts = []
        if self.missing:
            parts.append(f"lacks {some(self.missing)}")
        if self.extra:
            parts.append(f"has {some(map(repr, self.extra))}, which {self.title} hasn't")
        if self.reshaped:
            words = [f"{name} as {list(own)} instead of {list(due)}" for name, own, due in self.reshaped]
            parts.append(f"has {some(words)}")
        return "; ".join(parts)


def title(network: Network) -> str:
    """What the network is called."""
    return network.model if isinstance(network, Torchvision) else FAMILIES[network.name].title


def compare(network: Network, tensors: Mapping[str, Tensor], due: Mapping[str, tuple[int, ...]]) -> Misfit:
    """How `tensors` differ from the names and shapes that `network` has."""
    return Misfit(
        title(network),
        missing=tuple(name for name in due if name not in tensors),
        extra=tuple(name for name in tensors if name not in due),
        reshaped=tuple(
            (name, tuple(tensors[name].shape), shape)
            for name, shape in due.items()
            if name in tensors and tuple(tensors[name].shape) != shape
        ),
    )


def some(words: Iterable[str]) -> str:
    """The first few of them, and how many more there are."""
    every: Sequence[str] = list(words)
    more = f" and {len(every) - _NAMED:,} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more
