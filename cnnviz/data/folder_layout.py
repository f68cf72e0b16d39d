"""A folder a class: which picture belongs to which split and class, told from the names of folders."""

from __future__ import annotations

import unicodedata
from collections import defaultdict

import numpy as np

from cnnviz.data import split
from cnnviz.errors import DataError

Parts = tuple[str, ...]
"""A file's path, part by part."""
Layout = dict[str, dict[str, list[Parts]]]
"""Split, class name, files."""

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


def layout(files: list[Parts]) -> Layout:
    """Which file shows which class in which split, from the names of folders alone. Raises DataError."""
    files = [file for file in files if not any(_is_hidden(part) for part in file)]
    top = _wrapping(files)
    by_split: dict[str, list[Parts]] = defaultdict(list)
    for file in files:
        part = _SPLITS.get(file[top].lower()) if len(file) > top + 2 else None
        if part:
            by_split[part].append(file)
    found = {part: _grouped(own, top + 1) for part, own in by_split.items()}
    if len(found) == 1 and "train" in found:
        return _split(found["train"])
    if found:
        if "train" not in found:
            raise DataError(
                "There is no train/ folder: use train/<class>/ and val/<class>/, or <class>/ alone."
            )
        if "test" not in found:
            found["test"] = found.pop("validation")
        return found
    groups = _grouped([file for file in files if len(file) > top + 1], top)
    if any(name.lower() in _SPLITS for name in groups):
        raise DataError(
            "Pictures lie in train/ or val/ without a class: put each class's into its own folder."
        )
    return _split(groups)


def _grouped(files: list[Parts], at: int) -> dict[str, list[Parts]]:
    """Files by the class that part `at` of their path names."""
    folders: dict[str, str] = {}
    groups: dict[str, list[Parts]] = {}
    for file in sorted(files):
        name = _class_name(file[at])
        # Some disks take names for one that differ in case or in how an accent is written.
        other = folders.setdefault(unicodedata.normalize("NFC", name).casefold(), file[at])
        if other != file[at]:
            raise DataError(
                f"The folders {other[:40]!r} and {file[at][:40]!r} would be two classes of one name: "
                "rename one, or put their pictures into one folder."
            )
        groups.setdefault(name, []).append(file)
    return groups


def _wrapping(files: list[Parts]) -> int:
    """How many folders lie around the ones that matter: zips often hold one folder that holds the rest."""
    top = 0
    while any(len(file) > top + 2 for file in files):
        outer = {file[top] for file in files if len(file) > top + 1}
        if len(outer) != 1 or outer & set(_SPLITS):
            break
        top += 1
    return top


def _split(groups: dict[str, list[Parts]]) -> Layout:
    """All files of the classes, a fifth of each (seeded) as the test split."""
    names = list(groups)
    files = [(name, file) for name in names for file in groups[name]]
    if len(names) < 2 or len(files) < 5:
        raise DataError("Fewer than two classes or five files: put each class's pictures in its own folder.")
    labels = np.array([names.index(name) for name, _ in files], dtype=np.int64)
    parts = split.train_validation(labels, train=None, validation=round(len(files) / 5), seed=0)
    found: Layout = {}
    for part, indices in zip(("train", "test"), parts, strict=True):
        found[part] = {name: [] for name in names}
        for index in sorted(indices.tolist()):
            name, file = files[index]
            found[part][name].append(file)
    return found


def classes(layout: Layout) -> list[str]:
    """The classes, in order, which are the same in all splits. Raises DataError."""
    names = sorted(layout["train"])
    if len(names) < 2:
        raise DataError("Fewer than two classes: put each class's pictures into a folder of its own.")
    for part, groups in layout.items():
        if differing := sorted(set(groups) ^ set(names)):
            raise DataError(
                f"Class {differing[0]!r} is not in both train and {part}: give both the same folders."
            )
    return names


def _class_name(part: str) -> str:
    name = " ".join(part.split())
    if not name or not name.isprintable() or len(name) > 100:
        raise DataError(
            f"{part[:40]!r} can't name a class: rename that folder to plain text, 100 letters at most."
        )
    return name


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or part in _NOT_PICTURES
