"""A prepared data set: a folder of plain arrays that are mapped, not loaded."""

import errno
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnviz.atomic import sync_folder
from cnnviz.data.class_names import repeated
from cnnviz.data.scratch import temporary
from cnnviz.errors import DataError
from cnnviz.failure import disk_full

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

_CHUNK = 1 << 24
_BAD_ARRAY = (
    OSError,
    ValueError,
    TypeError,
    KeyError,
    SyntaxError,
    OverflowError,
    RecursionError,
    TokenError,
)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set that was checked when it was read."""

    name: str
    classes: tuple[str, ...]
    source: str
    """Where it comes from, for people."""
    train_images: Images
    """uint8, (N, H, W, C), C = 1 or 3; memory-mapped and read-only, as are the test images."""
    train_labels: Labels
    """int64, (N,), indices into `classes`."""
    test_images: Images
    test_labels: Labels
    folder: Path
    own_validation: int = 0
    """So many of the last training images are the data set's own validation images."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of every image."""
        _, height, width, channels = self.train_images.shape
        return height, width, channels


def read(folder: Path) -> Dataset:
    """The data set in `folder`, checked; its images stay on disk until they are used.

    Raises DataError, naming the file at fault, if anything is missing or does not fit.
    """
    about = _about(folder / "dataset.json")
    arrays = {
        f"{split}_{what}": _array(folder / f"{split}_{what}.npy")
        for split in ("train", "test")
        for what in ("images", "labels")
    }
    for name in ("train_labels", "test_labels"):
        arrays[name] = np.array(arrays[name])
        arrays[name].setflags(write=False)
    dataset = Dataset(
        name=about["name"],
        classes=tuple(about["classes"]),
        source=about["source"],
        folder=folder,
        own_validation=about.get("own_validation", 0),
        **arrays,
    )
    _check(dataset)
    return dataset


def write(
    folder: Path,
    *,
    name: str,
    classes: Sequence[str],
    source: str,
    train_images: Images,
    train_labels: Labels,
    test_images: Images,
    test_labels: Labels,
    own_validation: int = 0,
) -> Dataset:
    """The data set as it was written to `folder`: whole, or (after any failure) not at all.

    Images are uint8, (N, H, W, C); labels int64, (N,). Raises DataError if they do not fit together, if
    `folder` exists, or if the disk is full.
    """
    dataset = Dataset(
        name,
        tuple(classes),
        source,
        train_images,
        train_labels,
        test_images,
        test_labels,
        folder,
        own_validation,
    )
    _check(dataset)
    if folder.exists():
        raise DataError(
            f"There is a data set {folder.name!r} already: choose another name, or delete {folder}."
        )
    about: dict[str, Any] = {"name": name, "classes": list(classes), "source": source}
    if own_validation:
        about["own_validation"] = own_validation
    with writing(folder), temporary(folder) as place:
        _write_array(place / "train_images.npy", train_images)
        _write_array(place / "train_labels.npy", train_labels)
        _write_array(place / "test_images.npy", test_images)
        _write_array(place / "test_labels.npy", test_labels)
        with open(place / "dataset.json", "w", encoding="utf-8") as file:
            json.dump(about, file, indent=1, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(place)
        place.rename(folder)
        sync_folder(folder.parent)
    return read(folder)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Nothing; inside the block, a failing disk is a DataError that says what to do."""
    try:
        yield
    except OSError as error:
        if disk_full(error):
            message = f"The disk is full: free some space for {folder}, then prepare {folder.name!r} again."
        elif error.errno == errno.ENOTEMPTY:
            message = f"There is a data set {folder.name!r} already: choose another name, or delete {folder}."
        else:
            message = (
                f"{folder} can't be written ({error.strerror or error}): check that its disk is writable."
            )
        raise DataError(message) from error


def _about(path: Path) -> dict[str, Any]:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} is missing: prepare the data set again.") from None
    except (OSError, ValueError, RecursionError):
        raise _broken(path, "is not JSON") from None
    if not isinstance(about, dict):
        raise _broken(path, "is not a JSON object")
    classes = about.get("classes")
    if not isinstance(classes, list) or not all(isinstance(item, str) for item in classes):
        raise _broken(path, "has no list of 'classes'")
    for key in ("name", "source"):
        if not isinstance(about.get(key), str):
            raise _broken(path, f"has no text {key!r}")
    if type(about.get("own_validation", 0)) is not int:
        raise _broken(path, "has an 'own_validation' that is not a whole number")
    if (name := repeated(classes)) is not None:
        raise DataError(f"{path} names two classes {name[:40]!r}: give each a name of its own there.")
    if extra := set(about) - {"name", "classes", "source", "own_validation"}:
        raise _broken(path, f"has an unknown key {min(extra)!r}")
    return about


def _array(path: Path) -> npt.NDArray[Any]:
    try:
        # Refuses pickled objects, and an array longer than its file, before it reserves any memory.
        return np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError:
        raise DataError(f"{path} is missing: prepare the data set again.") from None
    except _BAD_ARRAY:
        raise _broken(path, "is not a whole .npy array") from None


def _check(dataset: Dataset) -> None:
    folder = dataset.folder
    if len(dataset.classes) < 2:
        raise _broken(folder / "dataset.json", "names fewer than two classes")
    for split in ("train", "test"):
        images, labels = getattr(dataset, f"{split}_images"), getattr(dataset, f"{split}_labels")
        pictures, numbers = folder / f"{split}_images.npy", folder / f"{split}_labels.npy"
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3) or images.size == 0:
            raise _broken(pictures, f"holds {images.dtype} {images.shape}, not uint8 (N, H, W, 1 or 3)")
        if images.shape[1:] != dataset.image_shape:
            raise _broken(pictures, f"has images of {images.shape[1:]}, not {dataset.image_shape}")
        if labels.dtype != np.int64 or labels.ndim != 1:
            raise _broken(numbers, f"holds {labels.dtype} {labels.shape}, not int64 (N,)")
        if len(labels) != len(images):
            raise _broken(numbers, f"has {len(labels):,} labels for {len(images):,} images")
        if labels.min() < 0 or labels.max() >= len(dataset.classes):
            raise _broken(numbers, f"has labels outside 0 to {len(dataset.classes) - 1}")
    if not 0 <= dataset.own_validation < len(dataset.train_images):
        raise _broken(folder / "dataset.json", "has an 'own_validation' that leaves no training images")


def _broken(path: Path, fault: str) -> DataError:
    return DataError(f"{path} {fault}: delete {path.parent} and prepare the data set again.")


def _write_array(path: Path, array: npt.NDArray[Any]) -> None:
    array = np.ascontiguousarray(array)
    with open(path, "wb") as file:
        # Not np.save: it loses the reason (errno) when the disk is full.
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        flat = array.reshape(-1).view(np.uint8).data
        file.writelines(flat[start : start + _CHUNK] for start in range(0, len(flat), _CHUNK))
        file.flush()
        os.fsync(file.fileno())
