"""Downloads go through torchvision in a child process, whole or not at all.

Most tests put a small false torchvision in the child's way; two run the real one, without a network.
"""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cnnviz.data import catalogue, download
from cnnviz.errors import DownloadError
from cnnviz.progress import Progress, finish

pytestmark = pytest.mark.slow

FALSE_TORCHVISION = """
    import os, time, urllib.error
    from pathlib import Path
    import numpy as np

    class MNIST:
        resources = [("train-images-idx3-ubyte.gz", "x")]
        classes = ["0 - zero"]
        def __init__(self, root, *, train, download):
            raw = Path(root) / "MNIST" / "raw"
            if train:
                {body}
            self.data = np.full((20, 28, 28), int(train), np.uint8)
            self.targets = np.arange(20) % 10
"""


@pytest.fixture
def torchvision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the child's torchvision do something else on a download."""

    def replace(body: str) -> None:
        folder = tmp_path / "false" / "torchvision" / "datasets"
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").write_text("")
        (folder / "__init__.py").write_text(textwrap.dedent(FALSE_TORCHVISION.format(body=body)))
        (folder / "utils.py").write_text(
            "def check_integrity(path, md5):\n    return open(path, 'rb').read() == b'good'\n"
        )
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "false"))

    return replace


def _left(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if not path.name.endswith(".lock"))


def test_a_download_becomes_a_prepared_data_set(root: Path, torchvision: Callable[[str], None]) -> None:
    torchvision("(raw / 'train-images-idx3-ubyte.gz').write_bytes(bytes(5_000_000)); time.sleep(0.3)")
    told: list[Progress] = []
    dataset = finish(catalogue.prepare("mnist"), told.append)
    assert dataset.image_shape == (28, 28, 1)
    assert dataset.classes == tuple("0123456789")
    assert dataset.train_images.all()
    assert not dataset.test_images.any()
    assert _left(root) == ["mnist"]
    fractions = [one.share for one in told]
    assert fractions == sorted(fractions)
    assert any("5.0 of 11.6 MB" in one.doing for one in told)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise urllib.error.URLError('no route to host')", "no route to host"),
        (
            "raise RuntimeError('Error downloading:\\\\nTried a mirror, got:\\\\n<urlopen error timed out>')",
            "timed out",
        ),
        ("raise OSError(28, 'No space left on device')", "No space left"),
        ("os._exit(3)", "code 3"),
    ],
)
def test_a_failed_download_leaves_nothing_and_says_what_to_do(
    root: Path, torchvision: Callable[[str], None], body: str, reason: str
) -> None:
    torchvision(f"(raw / 'train-images-idx3-ubyte.gz').write_bytes(bytes(99)); {body}")
    with pytest.raises(DownloadError) as caught:
        finish(catalogue.prepare("mnist"))
    said = str(caught.value)
    assert reason in said
    assert "through torchvision" in said
    assert f"put {', '.join(download.ARCHIVES['mnist'].files)} into {root / 'mnist-raw'}" in said
    assert "\n" not in said
    assert _left(root) == []


def test_a_network_that_hangs_is_given_up(
    root: Path, torchvision: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_STALLED", 1.0)
    torchvision("time.sleep(60)")
    start = time.monotonic()
    with pytest.raises(DownloadError, match="nothing arrived"):
        finish(catalogue.prepare("mnist"))
    assert time.monotonic() - start < 60
    assert _left(root) == []


def test_cancelling_ends_the_child_and_leaves_nothing(root: Path, torchvision: Callable[[str], None]) -> None:
    torchvision(f"Path({str(root.parent / 'pid')!r}).write_text(str(os.getpid())); time.sleep(60)")
    pid = root.parent / "pid"

    def cancel(progress: Progress) -> None:
        if pid.exists() and pid.read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finish(catalogue.prepare("mnist"), cancel)
    assert not Path(f"/proc/{pid.read_text()}").exists()
    assert _left(root) == []


def test_files_put_there_by_hand_are_taken(root: Path, torchvision: Callable[[str], None]) -> None:
    torchvision("assert (raw / 'train-images-idx3-ubyte.gz').read_bytes() == b'good'")
    (root / "mnist-raw").mkdir()
    (root / "mnist-raw" / "train-images-idx3-ubyte.gz").write_bytes(b"good")
    assert finish(catalogue.prepare("mnist")).name == "mnist"
    assert (root / "mnist-raw" / "train-images-idx3-ubyte.gz").read_bytes() == b"good"


def test_damaged_files_put_there_by_hand_are_named(root: Path, torchvision: Callable[[str], None]) -> None:
    torchvision("pass")
    (root / "mnist-raw").mkdir()
    (root / "mnist-raw" / "train-images-idx3-ubyte.gz").write_bytes(b"bad")
    with pytest.raises(DownloadError, match=r"train-images-idx3-ubyte\.gz is damaged"):
        finish(catalogue.prepare("mnist"))
    assert _left(root) == ["mnist-raw"]


def test_the_real_torchvision_offline_fails_in_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr(download, "_STALLED", 100.0)  # it tries again and again, for longer on a slow machine
    start = time.monotonic()
    with pytest.raises(DownloadError, match="Connection refused"):
        finish(catalogue.prepare("mnist"))
    assert time.monotonic() - start < 150
    assert _left(root) == []


def _idx(array: np.ndarray) -> bytes:
    header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes())


def test_the_real_torchvision_reads_mnist_put_there_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision import datasets

    random = np.random.default_rng(0)
    arrays = [
        random.integers(0, 256, (7, 28, 28)),
        np.arange(7),
        random.integers(0, 256, (3, 28, 28)),
        np.arange(3),
    ]
    raw, place = tmp_path / "raw", tmp_path / "place"
    raw.mkdir()
    place.mkdir()
    sums = []
    for file, array in zip(download.ARCHIVES["mnist"].files, arrays, strict=True):
        (raw / file).write_bytes(_idx(array))
        sums.append((file, hashlib.md5((raw / file).read_bytes(), usedforsecurity=False).hexdigest()))
    monkeypatch.setattr(datasets.MNIST, "resources", sums)
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    download._fetch("mnist", place, raw)
    for name, array in zip(
        ("train_images", "train_labels", "test_images", "test_labels"), arrays, strict=True
    ):
        expected = array[..., np.newaxis] if "images" in name else array
        np.testing.assert_array_equal(np.load(place / f"{name}.npy"), expected)


def test_the_real_torchvision_reads_cifar10_put_there_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision import datasets

    kind, random = datasets.CIFAR10, np.random.default_rng(0)
    raw, place = tmp_path / "raw", tmp_path / "place"
    raw.mkdir()
    place.mkdir()
    sums: dict[str, str] = {}
    pictures: dict[str, np.ndarray] = {}
    with tarfile.open(raw / kind.filename, "w:gz") as archive:
        for name in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch", "batches.meta"]:
            pictures[name] = random.integers(0, 256, (2, 3, 32, 32), dtype=np.uint8)
            content = {
                "data": pictures[name].reshape(2, -1),
                "labels": [0, 1],
                "label_names": ["plane", "car"],
            }
            body = pickle.dumps(content)
            sums[name] = hashlib.md5(body, usedforsecurity=False).hexdigest()
            member = tarfile.TarInfo(f"{kind.base_folder}/{name}")
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    whole = hashlib.md5((raw / kind.filename).read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setattr(kind, "tgz_md5", whole)
    monkeypatch.setattr(kind, "url", "http://127.0.0.1:9/")
    monkeypatch.setattr(kind, "train_list", [[name, sums[name]] for name in list(sums)[:5]])
    monkeypatch.setattr(kind, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(kind, "meta", kind.meta | {"md5": sums["batches.meta"]})
    download._fetch("cifar10", place, raw)
    expected = np.concatenate([pictures[name] for name in list(sums)[:5]]).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(np.load(place / "train_images.npy"), expected)
    np.testing.assert_array_equal(np.load(place / "test_labels.npy"), [0, 1])
    assert (place / "classes.json").read_text() == '["plane", "car"]'


def test_archive_names_are_torchvisions_own() -> None:
    from torchvision import datasets

    assert dict(datasets.MNIST.resources).keys() == set(download.ARCHIVES["mnist"].files)
    assert dict(datasets.FashionMNIST.resources).keys() == set(download.ARCHIVES["fashion-mnist"].files)
    assert (datasets.CIFAR10.filename,) == download.ARCHIVES["cifar10"].files
