"""MNIST, Fashion-MNIST and CIFAR-10 through torchvision, converted to prepared arrays.

torchvision works in a child process (`python -m cnnviz.data.download`), because a download that hangs or is
cancelled can then be ended at once.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnnviz import workspace
from cnnviz.data import prepared
from cnnviz.data.prepared import Dataset
from cnnviz.data.scratch import temporary
from cnnviz.errors import DownloadError
from cnnviz.progress import Progress, Work

_TIMEOUT = 6.0
_STALLED = 12.0
_UNPACKING = 300.0


@dataclass(frozen=True)
class DatasetArchive:
    """What torchvision downloads for one data set."""

    title: str
    torchvision: str
    """Name of its class in torchvision.datasets."""
    place: str
    """Where in its own folder torchvision puts the files."""
    files: tuple[str, ...]
    size: int
    """Bytes of all files."""
    source: str


_IDX = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
ARCHIVES = {
    "mnist": DatasetArchive(
        title="MNIST",
        torchvision="MNIST",
        place="MNIST/raw",
        files=_IDX,
        size=11_594_722,
        source="MNIST, LeCun, Cortes and Burges: 60,000 training and 10,000 test images, through torchvision",
    ),
    "fashion-mnist": DatasetArchive(
        title="Fashion-MNIST",
        torchvision="FashionMNIST",
        place="FashionMNIST/raw",
        files=_IDX,
        size=30_878_645,
        source="Fashion-MNIST, Xiao, Rasul and Vollgraf 2017: 60,000 training and 10,000 test images, "
        "through torchvision",
    ),
    "cifar10": DatasetArchive(
        title="CIFAR-10",
        torchvision="CIFAR10",
        place="",
        files=("cifar-10-python.tar.gz",),
        size=170_498_071,
        source="CIFAR-10, Krizhevsky 2009: 50,000 training and 10,000 test images, through torchvision",
    ),
}


def mnist(folder: Path) -> Work[Dataset]:
    """MNIST, written to `folder`. Raises DownloadError, and leaves nothing, if it can't be had."""
    return _prepare("mnist", folder)


def fashion_mnist(folder: Path) -> Work[Dataset]:
    """Fashion-MNIST, written to `folder`. Raises DownloadError, and leaves nothing, if it can't be had."""
    return _prepare("fashion-mnist", folder)


def cifar10(folder: Path) -> Work[Dataset]:
    """CIFAR-10, written to `folder`. Raises DownloadError, and leaves nothing, if it can't be had."""
    return _prepare("cifar10", folder)


def by_hand(name: str, root: Path) -> str:
    """What to do without a network, to be read after 'or'."""
    return f"put {', '.join(ARCHIVES[name].files)} into {root / f'{name}-raw'} and get it again"


def _prepare(name: str, folder: Path) -> Work[Dataset]:
    archive = ARCHIVES[name]
    raw = folder.parent / f"{name}-raw"
    with temporary(folder) as place:
        with _child(name, place, raw) as child:
            reason = yield from _watch(child, archive, place)
        if reason:
            raise DownloadError(
                f"{archive.title} could not be downloaded through torchvision ({reason}): "
                f"check the network and try again, or {by_hand(name, folder.parent)}."
            )
        yield Progress(0.95, f"Writing {archive.title}")
        arrays = {path.stem: np.load(path, mmap_mode="r") for path in place.glob("t*_*.npy")}
        classes = json.loads((place / "classes.json").read_text(encoding="utf-8"))
        return prepared.write(folder, name=name, classes=classes, source=archive.source, **arrays)


@contextmanager
def _child(name: str, place: Path, raw: Path) -> Iterator[subprocess.Popen[bytes]]:
    path = os.pathsep.join(filter(None, [str(workspace.PACKAGES), os.environ.get("PYTHONPATH")]))
    with open(place / "log.txt", "wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "cnnviz.data.download", name, str(place), str(raw)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": path},
        )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def _watch(child: subprocess.Popen[bytes], archive: DatasetArchive, place: Path) -> Work[str]:
    """Why the child failed, in a few words; empty when it succeeded."""
    total, moved = 0, time.monotonic()
    while child.poll() is None:
        time.sleep(0.1)
        sizes = {path.name: _size(path) for path in place.rglob("*") if path.name != "log.txt"}
        done = min(1.0, sum(sizes.get(file, 0) for file in archive.files) / archive.size)
        if done < 1.0:
            megabytes = archive.size / 1e6
            words = f"Downloading {archive.title}: {done * megabytes:.1f} of {megabytes:.1f} MB"
            yield Progress(0.9 * done, words)
        else:
            yield Progress(0.9, f"Unpacking {archive.title}")
        if sum(sizes.values()) != total or not (place / "torchvision").exists():
            total, moved = sum(sizes.values()), time.monotonic()
        if time.monotonic() - moved > (_STALLED if done < 1.0 else _UNPACKING):
            return f"nothing arrived for {_STALLED:.0f} s"
    if child.returncode == 0:
        return ""
    # The last line of a traceback, where torchvision gives its reason.
    lines = (place / "log.txt").read_text(encoding="utf-8", errors="replace").split("\n")
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return said[:200] or f"the download ended with code {child.returncode}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


# -- in the child process --------------------------------------------------------------------------


def _fetch(name: str, place: Path, raw: Path) -> None:
    from torchvision import datasets
    from torchvision.datasets.utils import check_integrity

    archive = ARCHIVES[name]
    kind: Any = getattr(datasets, archive.torchvision)
    sums = dict(getattr(kind, "resources", None) or [(kind.filename, kind.tgz_md5)])
    root = place / "torchvision"
    target = root / archive.place
    target.mkdir(parents=True)
    for file in archive.files:
        given = raw / file
        if not given.exists():
            continue
        if not check_integrity(given, sums[file]):
            raise RuntimeError(f"{given} is damaged: delete it")
        (target / file).symlink_to(given)
    for split in ("train", "test"):
        part = kind(root, train=split == "train", download=True)
        images = np.asarray(part.data, dtype=np.uint8)
        np.save(place / f"{split}_images.npy", images.reshape(*images.shape[:3], -1))
        np.save(place / f"{split}_labels.npy", np.asarray(part.targets, dtype=np.int64))
    classes = [str(digit) for digit in range(10)] if name == "mnist" else list(part.classes)
    (place / "classes.json").write_text(json.dumps(classes), encoding="utf-8")


def _end_with_parent() -> None:
    # Not sys.stdin: a thread that waits in it breaks the interpreter's shutdown.
    os.read(0, 1)
    os._exit(1)


def _main() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    socket.setdefaulttimeout(_TIMEOUT)
    name, place, raw = sys.argv[1:]
    _fetch(name, Path(place), Path(raw))


if __name__ == "__main__":
    _main()
