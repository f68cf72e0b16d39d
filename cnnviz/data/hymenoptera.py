"""Ants and bees (Hymenoptera): a few hundred photographs, from a folder or from PyTorch's tutorial."""

from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast
from urllib.request import urlopen

from cnnviz.data import archive, image_folder
from cnnviz.data.prepared import Dataset
from cnnviz.errors import ArchiveError, DownloadError
from cnnviz.progress import Progress, Work, within

_ADDRESS = "https://download.pytorch.org/tutorial/hymenoptera_data.zip"
_PICTURES = "hymenoptera"
"""Folder of pictures beside the prepared data set that is used where it is there."""
_TIMEOUT = 12.0
_CHUNK = 1 << 18
_SIDE, _MARGIN = 224, 16
"""The shorter side becomes 256 pixels, of which the middle 224 are kept."""


def prepare(folder: Path) -> Work[Dataset]:
    """Ants and bees, written to `folder`: 245 training and 153 test images.

    Raises DownloadError, and leaves nothing, if the pictures can't be had; DataError if there are none.
    """
    given = folder.parent / _PICTURES
    source = "Ants and bees (Hymenoptera) of PyTorch's transfer learning tutorial, from ImageNet"
    if given.is_dir():
        return (
            yield from image_folder.write(
                folder, image_folder.on_disk(given), origin=source, side=_SIDE, margin=_MARGIN
            )
        )
    root = folder.parent
    with TemporaryFile(dir=root if root.is_dir() else None) as file:
        yield from within(_download(cast(BinaryIO, file), root), 0.0, 0.6)
        try:
            with archive.opened(cast(BinaryIO, file)) as opened:
                sources = image_folder.in_zip(opened)
                return (
                    yield from within(
                        image_folder.write(folder, sources, origin=source, side=_SIDE, margin=_MARGIN),
                        0.6,
                        1.0,
                    )
                )
        except ArchiveError as error:
            raise DownloadError(
                f"Ants and bees arrived damaged ({error}): try again, or {by_hand(folder.parent)}."
            ) from error


def by_hand(root: Path) -> str:
    """What to do without a network, to be read after 'or'."""
    return f"put its train/ and val/, with ants/ and bees/ in each, into {root / _PICTURES} and get it again"


def _download(file: BinaryIO, root: Path) -> Work[None]:
    """The zip, into `file`. Raises DownloadError."""
    try:
        with urlopen(_ADDRESS, timeout=_TIMEOUT) as answer:
            size = int(answer.headers.get("Content-Length") or 47_286_322)
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                done = file.tell()
                words = f"Downloading ants and bees: {done / 1e6:.1f} of {size / 1e6:.1f} MB"
                yield Progress(min(1.0, done / size), words)
    except OSError as error:
        raise DownloadError(
            f"Ants and bees could not be downloaded from download.pytorch.org ({error}): check the network and try "
            f"again, or {by_hand(root)}."
        ) from None
    file.seek(0)
