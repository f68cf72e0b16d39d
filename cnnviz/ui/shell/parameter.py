"""A part of an address: its key, what a page calls it, and how its text is read, which never raises."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from cnnviz.formatting import whole_number

T = TypeVar("T")
Place = tuple[int, int]

RENAMED: Mapping[str, str] = {
    "run_size": "size",
    "map_images": "sample",
    "hint": "view",
    "tsne.perplexity": "perplexity",
    "umap.neighbours": "neighbours",
}
"""What parameters were called in old links, by their key."""


class Kind(Protocol[T]):
    """How values stand in an address."""

    def read(self, text: str) -> tuple[T | None, Sequence[str]]:
        """The value, if there is one, and the parts of the text that mean nothing."""

    def write(self, value: T) -> str:
        """The text of a value."""


@dataclass(frozen=True)
class Text:
    """Any text: a name, or one of options that are known when it is read."""

    def read(self, text: str) -> tuple[str | None, Sequence[str]]:
        return text, ()

    def write(self, value: str) -> str:
        return value


@dataclass(frozen=True)
class Whole:
    """A whole number in the digits 0 to 9."""

    low: int = 0
    high: int = 10**18 - 1

    def read(self, text: str) -> tuple[int | None, Sequence[str]]:
        number = whole_number(text)
        return (number, ()) if number is not None and self.low <= number <= self.high else (None, (text,))

    def write(self, value: int) -> str:
        return str(value)


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    def read(self, text: str) -> tuple[bool | None, Sequence[str]]:
        return (text == "yes", ()) if text in ("yes", "no") else (None, (text,))

    def write(self, value: bool) -> str:
        return "yes" if value else "no"


@dataclass(frozen=True)
class Several:
    """Names in an order, each once."""

    def read(self, text: str) -> tuple[tuple[str, ...] | None, Sequence[str]]:
        return tuple(dict.fromkeys(part for part in text.split(",") if part)) or None, ()

    def write(self, value: Sequence[str]) -> str:
        return ",".join(value)


@dataclass(frozen=True)
class Cell:
    """Row and column of a map."""

    def read(self, text: str) -> tuple[Place | None, Sequence[str]]:
        row, _, column = text.partition(".")
        place = whole_number(row), whole_number(column)
        if place[0] is None or place[1] is None:
            return None, (text,)
        return (place[0], place[1]), ()

    def write(self, value: Place) -> str:
        return f"{value[0]}.{value[1]}"


@dataclass(frozen=True)
class Named(Generic[T]):
    """Values that have a name of their own."""

    named: Callable[[str], T | None]
    name: Callable[[T], str]

    def read(self, text: str) -> tuple[T | None, Sequence[str]]:
        found = self.named(text)
        return found, () if found is not None else (text,)

    def write(self, value: T) -> str:
        return self.name(value)


@dataclass(frozen=True)
class Pairs:
    """Numbers by name, `none` for no pair at all."""

    names: Collection[str]
    none: str = "none"

    def read(self, text: str) -> tuple[Mapping[str, float] | None, Sequence[str]]:
        if text == self.none:
            return {}, ()
        found: dict[str, float] = {}
        unread = []
        for part in text.split(","):
            name, _, written = part.partition(":")
            value = number(written)
            if name in self.names and math.isfinite(value):
                found[name] = value
            else:
                unread.append(part)
        return found, unread

    def write(self, value: Mapping[str, float]) -> str:
        return ",".join(f"{name}:{value[name]:g}" for name in self.names if name in value) or self.none


@dataclass(frozen=True)
class Validated:
    """A field of a pydantic model, by its own rules."""

    rules: TypeAdapter[Any]

    def read(self, text: str) -> tuple[Any, Sequence[str]]:
        try:
            return self.rules.validate_python(text), ()
        except ValidationError:
            return None, (text,)

    def write(self, value: Any) -> str:
        return Flag().write(value) if isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """A part of the selection."""

    key: str
    label: str
    """What the page calls it, in the singular: layer, number of images."""
    kind: Kind[T] = field(repr=False, compare=False)
    title: str = ""
    """Over its control; the label if that is not given."""
    page: str = ""
    """Folder of the page that it belongs to; empty for those that pages share."""
    place: str = "here"
    """Where its values are looked for, in words: in this network."""
    literal: bool = False
    """Whether its values are names that people know."""

    def __post_init__(self) -> None:
        other = DECLARED.setdefault(self.key, self)
        if (other.page, other.label) != (self.page, self.label):
            raise ValueError(
                f"The address key {self.key!r} means {other.label} on {other.page or 'all pages'}."
            )

    @property
    def name(self) -> str:
        """Of what is remembered of it."""
        return f"{self.page}/{self.key}"

    @property
    def heading(self) -> str:
        """Over its control."""
        return self.title or self.label.capitalize()


DECLARED: dict[str, Parameter[Any]] = {}
"""All parameters by key; that no key means two things is seen to as they are declared."""


def number(text: str) -> float:
    """The number that a text of at most 40 letters writes; NaN if it writes none."""
    try:
        return float(text) if len(text) <= 40 else math.nan
    except ValueError:
        return math.nan
