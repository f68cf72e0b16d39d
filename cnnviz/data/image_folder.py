"""Import of image folders: a folder a class, as they lie on disk or in a zip."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from cnnviz.data import archive, catalogue, images, prepared, split
from cnnviz.data.notes import Notes
from cnnviz.data.prepared import Dataset, Images
from cnnviz.data.scratch import locked, temporary
from cnnviz.errors import ConfigError, DataError, ImageError
from cnnviz.progress import Progress, Work
from cnnviz.workspace import dataset_folder

Parts = tuple[str, ...]
Sources = Mapping[Parts, Callable[[], bytes]]
Layout = dict[str, dict[str, list[Parts]]]
"""Split, class name, files."""

SIDES = range(8, 513)
MAX_FILE_BYTES = 64_000_000

_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
_NOT_PICTURES = {"__MACOSX", "Thumbs.db", "desktop.ini"}


def import_folder(path: Path, *, name: str, side: int) -> Work[Dataset]:
    """The pictures under `path` as a data set called `name`: RGB, `side` × `side`, cropped by `images.fit`.

    Layouts: `train/<class>/*` with `val/` or `test/` or both; or `<class>/*`, of which a fifth of each class
    becomes the test set (seeded). With only `val/`, that is the test set; with both, `val/` becomes the
    data set's own validation images. Pictures that can't be read are left out and counted in `source`.
    Raises DataError if no split has pictures, fewer than two classes are there, or splits differ in classes.
    """
    if not path.is_dir():
        raise DataError(f"There is no folder {path}: check the path.")
    return (yield from _import(on_disk(path), origin=path.resolve().name, name=name, side=side))


def import_zip(file: BinaryIO | Path, *, name: str, side: int) -> Work[Dataset]:
    """The pictures in a zip as a data set called `name`: layouts and results as in `import_folder`.

    Nothing is unpacked to disk, and no member's name becomes a path. Raises ArchiveError for a zip that is
    damaged, unsafe or too large; DataError as in `import_folder`.
    """
    with archive.opened(file) as opened:
        return (yield from _import(in_zip(opened), origin="a zip", name=name, side=side))


def on_disk(path: Path) -> Sources:
    """All files under `path`, read when they are asked for."""
    files = (file for file in path.rglob("*") if file.is_file())
    return {file.relative_to(path).parts: _reader(file) for file in files}


def in_zip(opened: archive.Archive) -> Sources:
    """All members of a zip, read when they are asked for."""
    return {parts: _member(opened, parts) for parts in opened.members}


def _reader(file: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with open(file, "rb") as opened:
                return opened.read(MAX_FILE_BYTES)
        except OSError as error:
            raise ImageError(f"{file} can't be read: {error.strerror}. Check its permissions.") from None

    return read


def _member(opened: archive.Archive, parts: Parts) -> Callable[[], bytes]:
    return lambda: opened.read(parts, limit=MAX_FILE_BYTES)


def _import(sources: Sources, *, origin: str, name: str, side: int) -> Work[Dataset]:
    folder = _free_folder(name)
    if side not in SIDES:
        raise DataError(f"side={side} does not fit: choose {SIDES.start} to {SIDES.stop - 1} pixels.")
    with prepared.writing(folder), locked(folder):
        return (yield from written(folder, sources, origin=f"Imported from {origin}", side=side))


def written(folder: Path, sources: Sources, *, origin: str, side: int, margin: int = 0) -> Work[Dataset]:
    """The pictures as a data set in `folder`, which is locked and does not exist yet.

    Pictures lose `margin` pixels on each edge after they were fitted to the side and both margins.
    """
    layout = _layout(list(sources))
    classes = _classes(layout)
    files = [
        (part, label, parts)
        for part in ("train", "validation", "test")
        for label, kind in enumerate(classes)
        for parts in layout.get(part, {}).get(kind, ())
    ]
    total, whole = len(files), side + 2 * margin
    notes = Notes()
    labels: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    with temporary(folder) as place:
        # Onto the disk, picture by picture: an import may be larger than memory.
        with open(place / "train", "wb") as train_file, open(place / "test", "wb") as test_file:
            for done, (part, label, parts) in enumerate(files):
                left_out = f", {notes.unreadable:,} left out" if notes.unreadable else ""
                yield Progress(0.95 * done / total, f"Reading pictures: {done:,} of {total:,}{left_out}")
                try:
                    picture = images.fit(images.decode(sources[parts]()), whole, whole)
                except ImageError:
                    notes.unreadable += 1
                    continue
                notes.add(picture, split=part, name="/".join(parts))
                labels[part].append(label)
                kept = picture[margin : margin + side, margin : margin + side]
                (test_file if part == "test" else train_file).write(kept.tobytes())
        _refuse_empty({part: labels[part] for part in layout}, total)
        yield Progress(0.95, f"Writing {folder.name}. {notes}".rstrip())
        train = np.array(labels["train"] + labels["validation"], dtype=np.int64)
        test = np.array(labels["test"], dtype=np.int64)
        return prepared.write(
            folder,
            name=folder.name,
            classes=classes,
            source=origin + (f" ({notes})" if str(notes) else ""),
            train_images=_mapped(place / "train", len(train), side),
            train_labels=train,
            test_images=_mapped(place / "test", len(test), side),
            test_labels=test,
            own_validation=len(labels["validation"]),
        )


def _free_folder(name: str) -> Path:
    try:
        folder = dataset_folder(name)
    except ConfigError as error:
        raise DataError(str(error)) from None
    if folder.exists() or name in catalogue.entries():
        raise DataError(f"There is a data set {name!r} already: choose another name.")
    return folder


def _mapped(path: Path, count: int, side: int) -> Images:
    return np.memmap(path, dtype=np.uint8, mode="r", shape=(count, side, side, 3))


def _refuse_empty(labels: Mapping[str, list[int]], total: int) -> None:
    if not any(labels.values()):
        raise DataError(f"None of the {total:,} files is a picture: use PNG, JPEG, WEBP or BMP files.")
    for part, found in labels.items():
        if not found:
            raise DataError(f"No picture of {part} can be read: use PNG, JPEG, WEBP or BMP files.")
    if len(set(labels["train"])) < 2:
        raise DataError("Fewer than two classes have readable training pictures: add pictures to each class.")


def _layout(files: list[Parts]) -> Layout:
    files = [file for file in files if not any(_is_hidden(part) for part in file)]
    top = _wrapping(files)
    found: Layout = defaultdict(lambda: defaultdict(list))
    for file in sorted(files):
        part = _SPLITS.get(file[top].lower()) if len(file) > top + 2 else None
        if part:
            found[part][_class_name(file[top + 1])].append(file)
    if len(found) == 1 and "train" in found:
        return _drawn(found["train"])
    if found:
        if "train" not in found:
            raise DataError(
                "There is no train/ folder: use train/<class>/ and val/<class>/, or <class>/ alone."
            )
        if "test" not in found:
            found["test"] = found.pop("validation")
        return found
    classes: dict[str, list[Parts]] = defaultdict(list)
    for file in sorted(files):
        if len(file) > top + 1:
            classes[_class_name(file[top])].append(file)
    if any(name.lower() in _SPLITS for name in classes):
        raise DataError(
            "Pictures lie in train/ or val/ without a class: put each class's into its own folder."
        )
    return _drawn(classes)


def _wrapping(files: list[Parts]) -> int:
    """How many folders lie around the ones that matter: zips often hold one folder that holds the rest."""
    top = 0
    while any(len(file) > top + 2 for file in files):
        outer = {file[top] for file in files if len(file) > top + 1}
        if len(outer) != 1 or outer & set(_SPLITS):
            break
        top += 1
    return top


def _drawn(classes: dict[str, list[Parts]]) -> Layout:
    """All files of the classes, a fifth of each (seeded) as the test split."""
    names = list(classes)
    files = [(name, file) for name in names for file in classes[name]]
    if len(names) < 2 or len(files) < 5:
        raise DataError("Fewer than two classes or five files: put each class's pictures in its own folder.")
    labels = np.array([names.index(name) for name, _ in files], dtype=np.int64)
    parts = split.train_validation(labels, train=None, validation=round(len(files) / 5), seed=0)
    layout: Layout = {}
    for part, indices in zip(("train", "test"), parts, strict=True):
        layout[part] = {name: [] for name in names}
        for index in sorted(indices.tolist()):
            name, file = files[index]
            layout[part][name].append(file)
    return layout


def _classes(layout: Layout) -> list[str]:
    classes = sorted(layout["train"])
    if len(classes) < 2:
        raise DataError("Fewer than two classes: put each class's pictures into a folder of its own.")
    for part, groups in layout.items():
        if differing := sorted(set(groups) ^ set(classes)):
            raise DataError(
                f"Class {differing[0]!r} is not in both train and {part}: give both the same folders."
            )
    return classes


def _class_name(part: str) -> str:
    name = " ".join(part.split())
    if not name or not name.isprintable() or len(name) > 100:
        raise DataError(
            f"{part[:40]!r} can't name a class: rename that folder to plain text, 100 letters at most."
        )
    return name


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or part in _NOT_PICTURES
