"""Import of one's own pictures: a folder a class, on disk or in a zip, becomes a data set of its own."""

from pathlib import Path
from typing import BinaryIO

from cnnviz.data import archive, catalogue, image_folder, prepared
from cnnviz.data.image_folder import Sources
from cnnviz.data.prepared import Dataset
from cnnviz.data.scratch import locked
from cnnviz.errors import ConfigError, DataError
from cnnviz.progress import Work
from cnnviz.workspace import dataset_folder

SIDES = range(8, 513)


def import_folder(path: Path, *, name: str, side: int) -> Work[Dataset]:
    """The pictures under `path` as a data set called `name`: RGB, `side` × `side`, cropped by `images.fit`.

    Layouts: `train/<class>/*` with `val/` or `test/` or both; or `<class>/*`, of which a fifth of each class
    becomes the test set (seeded). With only `val/`, that is the test set; with both, `val/` becomes the
    data set's own validation images. Pictures that can't be read are left out and counted in `source`.
    Raises DataError if no split has pictures, fewer than two classes are there, or splits differ in classes.
    """
    if not path.is_dir():
        raise DataError(f"There is no folder {path}: check the path.")
    return (yield from _import(image_folder.on_disk(path), origin=path.resolve().name, name=name, side=side))


def import_zip(file: BinaryIO | Path, *, name: str, side: int) -> Work[Dataset]:
    """The pictures in a zip as a data set called `name`: layouts and results as in `import_folder`.

    Nothing is unpacked to disk, and no member's name becomes a path. Raises ArchiveError for a zip that is
    damaged, unsafe or too large; DataError as in `import_folder`.
    """
    with archive.opened(file) as opened:
        return (yield from _import(image_folder.in_zip(opened), origin="a zip", name=name, side=side))


def _import(sources: Sources, *, origin: str, name: str, side: int) -> Work[Dataset]:
    folder = _free_folder(name)
    if side not in SIDES:
        raise DataError(f"side={side} does not fit: choose {SIDES.start} to {SIDES.stop - 1} pixels.")
    with prepared.writing(folder), locked(folder):
        return (yield from image_folder.write(folder, sources, origin=f"Imported from {origin}", side=side))


def _free_folder(name: str) -> Path:
    try:
        folder = dataset_folder(name)
    except ConfigError as error:
        raise DataError(str(error)) from None
    if folder.exists() or name in catalogue.entries():
        raise DataError(f"There is a data set {name!r} already: choose another name.")
    return folder
