"""A prepared folder is read as it was written, refused if anything is wrong, and never half-written."""

import errno
import json
import os
import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from cnnviz.data import prepared
from cnnviz.errors import DataError
from cnnviz.workspace import ROOT

CLASSES = ["a", "b", "c"]


def test_what_is_written_is_read(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    folder = tmp_path / "mine"
    prepared.write(folder, name="mine", classes=CLASSES, source="drawn", own_validation=6, **arrays)
    dataset = prepared.read(folder)
    assert (dataset.name, dataset.classes, dataset.source) == ("mine", ("a", "b", "c"), "drawn")
    assert dataset.image_shape == (5, 4, 3)
    assert dataset.own_validation == 6
    for name, expected in arrays.items():
        np.testing.assert_array_equal(getattr(dataset, name), expected)
        # NumPy's own reader agrees, so that other programs can read the files.
        np.testing.assert_array_equal(np.load(folder / f"{name}.npy"), expected)
    assert isinstance(dataset.train_images, np.memmap)
    assert not dataset.train_images.flags.writeable
    assert not dataset.train_labels.flags.writeable
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_views_and_fortran_order_are_written_right(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    arrays["train_images"] = np.asfortranarray(arrays["train_images"])
    arrays["test_images"] = arrays["test_images"][::-1]
    dataset = prepared.write(tmp_path / "mine", name="mine", classes=CLASSES, source="", **arrays)
    np.testing.assert_array_equal(dataset.train_images, arrays["train_images"])
    np.testing.assert_array_equal(dataset.test_images, arrays["test_images"])


def _save(folder: Path, name: str, array: np.ndarray) -> None:
    np.save(folder / f"{name}.npy", array)


def _about(folder: Path, **changes: object) -> None:
    about = {"name": "mine", "classes": CLASSES, "source": ""} | changes
    (folder / "dataset.json").write_text(json.dumps({k: v for k, v in about.items() if v is not None}))


BREAKS = {
    "train_images.npy is missing": lambda folder: (folder / "train_images.npy").unlink(),
    "dataset.json is missing": lambda folder: (folder / "dataset.json").unlink(),
    "test_labels.npy is not a whole": lambda folder: (folder / "test_labels.npy").write_bytes(b"hello"),
    "train_labels.npy is not a whole": lambda folder: (folder / "train_labels.npy").write_bytes(b""),
    "train_images.npy is not a whole": lambda folder: os.truncate(folder / "train_images.npy", 300),
    "test_images.npy is not a whole": lambda folder: _save(folder, "test_images", np.array([None, {}])),
    "train_images.npy holds float32": lambda folder: _save(
        folder, "train_images", np.zeros((30, 5, 4, 3), "f4")
    ),
    "train_images.npy holds uint8 (30, 5, 4)": lambda folder: _save(
        folder, "train_images", np.zeros((30, 5, 4), "u1")
    ),
    "holds uint8 (30, 5, 4, 2)": lambda folder: _save(folder, "train_images", np.zeros((30, 5, 4, 2), "u1")),
    "test_images.npy has images of": lambda folder: _save(
        folder, "test_images", np.zeros((9, 4, 4, 3), "u1")
    ),
    "train_labels.npy holds int32": lambda folder: _save(folder, "train_labels", np.zeros(30, "i4")),
    "train_labels.npy has 29 labels": lambda folder: _save(folder, "train_labels", np.zeros(29, "i8")),
    "test_labels.npy has labels outside 0 to 2": lambda folder: _save(folder, "test_labels", np.full(9, 3)),
    "train_labels.npy has labels outside": lambda folder: _save(folder, "train_labels", np.full(30, -1)),
    "has no list of 'classes'": lambda folder: _about(folder, classes=None),
    "fewer than two": lambda folder: _about(folder, classes=["a"]),
    "has no text 'source'": lambda folder: _about(folder, source=3),
    "unknown key 'colour'": lambda folder: _about(folder, colour=1),
    "not a whole number": lambda folder: _about(folder, own_validation=True),
    "leaves no training images": lambda folder: _about(folder, own_validation=30),
    "is not a JSON object": lambda folder: (folder / "dataset.json").write_text("[]"),
    "is not JSON": lambda folder: (folder / "dataset.json").write_bytes(b"{\xff"),
}


def test_two_classes_of_one_name_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    folder = tmp_path / "mine"
    prepared.write(folder, name="mine", classes=CLASSES, source="", **arrays)
    _about(folder, classes=["ant", "bee", " ant"])
    with pytest.raises(
        DataError, match=r"dataset\.json names two classes 'ant': give each a name of its own"
    ) as caught:
        prepared.read(folder)
    assert "\n" not in str(caught.value)
    _about(folder, classes=["a", "A", "b"])  # letters
    assert prepared.read(folder).classes == ("a", "A", "b")


@pytest.mark.parametrize("message", BREAKS)
def test_a_broken_folder_is_refused_in_one_line(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    folder = tmp_path / "mine"
    prepared.write(folder, name="mine", classes=CLASSES, source="", **arrays)
    BREAKS[message](folder)
    with pytest.raises(DataError) as caught:
        prepared.read(folder)
    assert message in str(caught.value)
    assert "prepare the data set again" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_huge_claimed_shape_reserves_no_memory(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    folder = tmp_path / "mine"
    prepared.write(folder, name="mine", classes=CLASSES, source="", **arrays)
    with open(folder / "train_labels.npy", "wb") as file:
        about = {"descr": "<i8", "fortran_order": False, "shape": (10**11,)}
        np.lib.format.write_array_header_1_0(file, about)
    with pytest.raises(DataError, match="not a whole"):
        prepared.read(folder)


def test_an_existing_data_set_is_kept(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    folder = tmp_path / "mine"
    prepared.write(folder, name="mine", classes=CLASSES, source="first", **arrays)
    with pytest.raises(DataError, match="already"):
        prepared.write(folder, name="mine", classes=CLASSES, source="second", **arrays)
    assert prepared.read(folder).source == "first"
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="already"):
        prepared.write(tmp_path / "empty", name="empty", classes=CLASSES, source="", **arrays)


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_a_failure_in_the_middle_leaves_nothing(
    tmp_path: Path, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    synced = []

    def fails(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) == 3:
            raise failure

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises((KeyboardInterrupt, DataError)) as caught:
        prepared.write(tmp_path / "mine", name="mine", classes=CLASSES, source="", **arrays)
    assert list(tmp_path.iterdir()) == []
    assert isinstance(caught.value, KeyboardInterrupt) or "disk is full" in str(caught.value)


def test_a_file_system_that_takes_no_more_leaves_nothing(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import signal, sys
        from pathlib import Path
        import numpy as np
        from cnnviz.data import prepared
        from cnnviz.errors import DataError
        images, labels = np.zeros((40, 32, 32, 3), np.uint8), np.arange(40) % 2
        try:
            prepared.write(Path(sys.argv[1]), name="mine", classes=["a", "b"], source="", train_images=images,
                           train_labels=labels, test_images=images, test_labels=labels)
        except DataError as error:
            print(error)
    """)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    said = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "mine")],
        cwd=ROOT,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "disk is full" in said.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="can't be written"):
        prepared.write(tmp_path / "file" / "mine", name="mine", classes=CLASSES, source="", **arrays)


@pytest.mark.realdata
def test_real_arrays_are_read(real_data: Path) -> None:
    cifar10 = prepared.read(real_data / "cifar10")
    assert cifar10.image_shape == (32, 32, 3)
    assert np.bincount(cifar10.train_labels).tolist() == [5000] * 10
    assert prepared.read(real_data / "mnist").image_shape == (28, 28, 1)
