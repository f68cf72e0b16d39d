"""Results that are computed once of some inputs, stored, and taken for no other inputs'."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Generic

from cnnviz import atomic
from cnnviz.codecs import Codec, Result
from cnnviz.errors import StorageError
from cnnviz.failure import disk_full
from cnnviz.progress import Work


class Artifact(ABC, Generic[Result]):
    """A result of certain inputs, and where it is stored."""

    @abstractmethod
    def load(self) -> Result | None:
        """The result; None where there is none, or it is of other inputs, or damaged. Never raises."""

    @abstractmethod
    def save(self, result: Result) -> None:
        """Store it in the place of an earlier one. Raises StorageError."""

    def obtain(self, compute: Callable[[], Work[Result]]) -> Work[Result]:
        """The stored result, or what `compute` comes to, stored."""
        found = self.load()
        if found is None:
            found = yield from compute()
            self.save(found)
        return found


@dataclass(frozen=True)
class StoredArtifact(Artifact[Result]):
    """A result in a file."""

    path: Path
    mark: str
    """What it is of, in words without line breaks: weights, data, settings. See `same_inputs`."""
    codec: Codec[Result]

    def load(self) -> Result | None:
        try:
            with self.path.open("rb") as file:
                return self.codec.decode(file, self.mark)
        except Exception:  # a damaged file makes readers raise nearly anything
            return None

    def save(self, result: Result) -> None:
        try:
            content = self.codec.encode(result, self.mark)
            self.path.parent.mkdir(exist_ok=True)  # never the run's own folder, which may be deleted just now
            atomic.replace(self.path, content, durable=False)
        except OSError as error:
            words = (
                f"The disk is full: make room for {self.path.name}, then try again."
                if disk_full(error)
                else f"{self.path.name} can't be stored ({error.strerror or error}): check who may write there."
            )
            raise StorageError(words) from None

    @property
    def state(self) -> tuple[str, int, int]:
        """Changes when the file does: its path, time and inode."""
        try:
            found = self.path.stat()
        except OSError:
            return str(self.path), 0, 0
        return str(self.path), found.st_mtime_ns, found.st_ino


class Shelf:
    """Results in memory: the latest so many."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._results: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        """The result of that key; None where there is none any more."""
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
            return self._results.get(key)

    def put(self, key: Hashable, result: Any) -> None:
        """Hold it, and let go of the one that was longest not looked at."""
        with self._lock:
            self._results[key] = result
            self._results.move_to_end(key)
            while len(self._results) > self._most:
                self._results.popitem(last=False)


@dataclass(frozen=True)
class HeldArtifact(Artifact[Result]):
    """A result in memory."""

    shelf: Shelf
    key: Hashable
    """All that it is of."""

    def load(self) -> Result | None:
        found: Result | None = self.shelf.get(self.key)
        return found

    def save(self, result: Result) -> None:
        self.shelf.put(self.key, result)
