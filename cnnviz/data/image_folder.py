"""Pictures in folders, on disk or in a zip, written as a prepared data set."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from cnnviz.data import archive, images, prepared
from cnnviz.data.folder_layout import Parts, classes, layout
from cnnviz.data.notes import Notes
from cnnviz.data.prepared import Dataset, Images
from cnnviz.data.scratch import temporary
from cnnviz.errors import DataError, ImageError
from cnnviz.progress import Progress, Work

Sources = Mapping[Parts, Callable[[], bytes]]
"""What reads each file."""

MAX_FILE_BYTES = 64_000_000


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


def write(folder: Path, sources: Sources, *, origin: str, side: int, margin: int = 0) -> Work[Dataset]:
    """The pictures as a data set in `folder`, which is locked and does not exist yet.

    Pictures lose `margin` pixels on each edge after they were fitted to the side and both margins.
    """
    found = layout(list(sources))
    names = classes(found)
    files = [
        (part, label, parts)
        for part in ("train", "validation", "test")
        for label, kind in enumerate(names)
        for parts in found.get(part, {}).get(kind, ())
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
        _refuse_empty({part: labels[part] for part in found}, total)
        yield Progress(0.95, f"Writing the data set. {notes}".rstrip())
        train = np.array(labels["train"] + labels["validation"], dtype=np.int64)
        test = np.array(labels["test"], dtype=np.int64)
        return prepared.write(
            folder,
            name=folder.name,
            classes=names,
            source=origin + (f" ({notes})" if str(notes) else ""),
            train_images=_mapped(place / "train", len(train), side),
            train_labels=train,
            test_images=_mapped(place / "test", len(test), side),
            test_labels=test,
            own_validation=len(labels["validation"]),
        )


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
