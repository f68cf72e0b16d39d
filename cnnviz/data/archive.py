"""The files in a zip from a stranger: names and kinds checked, read within bounds, never unpacked to disk."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO

from cnnviz.errors import ArchiveError

MAX_MEMBERS = 200_000
MAX_BYTES = 2_000_000_000
_STEP = 1 << 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


@dataclass
class Archive:
    """An open zip. It counts what it has given out, whatever the zip's own headers claim."""

    members: dict[tuple[str, ...], zipfile.ZipInfo]
    """Files by the parts of their name; no part is empty, `.` or `..`."""
    _zip: zipfile.ZipFile
    _smaller: str
    _given: list[int] = field(default_factory=lambda: [0])
    """Bytes, counted together with those that its folders have given out."""

    def folder(self, *parts: str) -> "Archive":
        """The files below a folder, by the rest of their names; none, if there is no such folder."""
        below = {
            name[len(parts) :]: info for name, info in self.members.items() if name[: len(parts)] == parts
        }
        return Archive(below, self._zip, self._smaller, self._given)

    def read(self, parts: tuple[str, ...], *, limit: int) -> bytes:
        """The first `limit` bytes or so of a file. Raises as `pieces`."""
        return b"".join(islice(self.pieces(parts), -(-limit // _STEP)))

    def pieces(self, parts: tuple[str, ...]) -> Iterator[bytes]:
        """A file, a megabyte at a time. Raises ArchiveError for damage, or past 2 GB in all."""
        with self._open(parts) as member:
            while piece := self._next(member, parts):
                self._given[0] += len(piece)
                if self._given[0] > MAX_BYTES:
                    raise _too_much(self._smaller)
                yield piece

    def _open(self, parts: tuple[str, ...]) -> IO[bytes]:
        try:
            return self._zip.open(self.members[parts])
        except _DAMAGED:
            raise _damaged(parts) from None

    @staticmethod
    def _next(member: IO[bytes], parts: tuple[str, ...]) -> bytes:
        try:
            return member.read(_STEP)
        except _DAMAGED:
            raise _damaged(parts) from None


@contextmanager
def opened(file: BinaryIO | Path, *, smaller: str = "import it in parts") -> Iterator[Archive]:
    """The files of a zip, closed when the block ends; `smaller` says what to do about one that is too large.

    Raises ArchiveError for names that are absolute or climb (`..`), links, special files, encryption, more
    than 200,000 members, more than 2 GB unpacked, and anything that is not a zip.
    """
    try:
        archive = zipfile.ZipFile(file)
    except FileNotFoundError:
        raise ArchiveError(f"There is no zip {file}: check its path.") from None
    except _DAMAGED:
        raise ArchiveError("This is not a whole zip file: make it again, as .zip.") from None
    with archive:
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise ArchiveError(f"The zip has more than {MAX_MEMBERS:,} members: {smaller}.")
        if sum(member.file_size for member in members) > MAX_BYTES:
            raise _too_much(smaller)
        files = {}
        for member in members:
            parts = _parts(member)
            if not member.is_dir():
                files[parts] = member
        yield Archive(files, archive, smaller)


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    # orig_filename: zipfile cuts `filename` at a NUL.
    name = member.orig_filename.replace("\\", "/")
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    if name.startswith("/") or name[1:2] == ":" or ".." in parts or "\0" in name or not parts:
        raise ArchiveError(f"The zip has an unsafe name {name[:80]!r}: make it again from inside the folder.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise ArchiveError(f"The zip has a link or special file {name[:80]!r}: make it again without links.")
    if member.flag_bits & 0x1:
        raise ArchiveError("The zip is encrypted: make it again without a password.")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ArchiveError(
            "The zip is packed in an unusual way: make it again with the usual (deflate) method."
        )
    return parts


def _damaged(parts: tuple[str, ...]) -> ArchiveError:
    return ArchiveError(f"The zip is damaged at {'/'.join(parts)!r}: make it again.")


def _too_much(smaller: str) -> ArchiveError:
    return ArchiveError(f"The zip unpacks to more than {MAX_BYTES // 10**9} GB: {smaller}.")
