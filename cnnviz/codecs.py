"""How results become files that say what they are of: JSON by their type, or arrays."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, BinaryIO, Generic, Protocol, TypeVar, get_type_hints

import numpy as np
from pydantic import TypeAdapter

Result = TypeVar("Result")


class Codec(Protocol[Result]):
    """How a result becomes a file, with the mark of its inputs."""

    def encode(self, result: Result, mark: str) -> bytes | memoryview: ...

    def decode(self, file: BinaryIO, mark: str) -> Result | None:
        """The result; None where the file is of other inputs. May raise anything where it is damaged."""


def same_inputs(stored: str, now: str) -> bool:
    """Whether a stored mark is of the inputs of another, word by word.

    A word that ends in @ is a data set that is not on this machine: it is taken for what it was.
    """
    pairs = list(zip(stored.split(), now.split(), strict=False))
    return len(stored.split()) == len(now.split()) and all(
        one == other or (other.endswith("@") and one.partition("@")[0] == other[:-1]) for one, other in pairs
    )


@dataclass(frozen=True)
class Json(Generic[Result]):
    """Results as JSON, by their type."""

    kind: type[Result]
    name: str
    """Of the result in the file."""
    version: str
    """Changes when a figure is defined differently, so that stored ones are computed anew."""

    @cached_property
    def _adapter(self) -> TypeAdapter[Result]:
        return TypeAdapter(self.kind)

    def encode(self, result: Result, mark: str) -> bytes:
        values = self._adapter.dump_python(result, mode="json")
        return json.dumps({"of": mark, "version": self.version, self.name: values}, indent=1).encode()

    def decode(self, file: BinaryIO, mark: str) -> Result | None:
        document = json.load(file)
        if document["version"] != self.version or not same_inputs(document["of"], mark):
            return None
        return self._adapter.validate_python(document[self.name])


@dataclass(frozen=True)
class Npz(Generic[Result]):
    """Dataclasses of arrays as .npz; what is no array goes into it as JSON, `about`."""

    kind: type[Result]
    unpack: Callable[[Mapping[str, Any]], Result | None] = lambda arrays: None
    """Reads files that hold the result in another way; None for usual ones."""

    @cached_property
    def _others(self) -> dict[str, TypeAdapter[Any]]:
        hints = get_type_hints(self.kind)
        names = [one.name for one in fields(self.kind)]  # type: ignore[arg-type]
        return {name: TypeAdapter(hints[name]) for name in names if not _is_array(hints[name])}

    def about(self, result: Result) -> dict[str, Any]:
        """All but its arrays, for JSON."""
        return {
            name: adapter.dump_python(getattr(result, name), mode="json")
            for name, adapter in self._others.items()
        }

    def arrays(self, result: Result) -> dict[str, Any]:
        """All of it, as arrays."""
        names = [one.name for one in fields(self.kind)]  # type: ignore[arg-type]
        found = {name: getattr(result, name) for name in names if name not in self._others}
        return found | ({"about": json.dumps(self.about(result))} if self._others else {})

    def encode(self, result: Result, mark: str) -> memoryview:
        content = io.BytesIO()
        np.savez(content, of=mark, **self.arrays(result))
        return content.getbuffer()

    def decode(self, file: BinaryIO, mark: str) -> Result | None:
        with np.load(file, allow_pickle=False) as stored:
            if not same_inputs(str(stored["of"]), mark):
                return None
            if (found := self.unpack(stored)) is not None:
                return found
            about = json.loads(str(stored["about"])) if self._others else {}
            others = {name: one.validate_python(about[name]) for name, one in self._others.items()}
            arrays = {
                one.name: stored[one.name]
                for one in fields(self.kind)  # type: ignore[arg-type]
                if one.name not in others
            }
            return self.kind(**arrays, **others)


def _is_array(hint: Any) -> bool:
    return getattr(hint, "__origin__", None) is np.ndarray
