"""The data sets that can be trained on: built in, downloaded or imported."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from cnnviz.data import download, hymenoptera, prepared, shapes, split
from cnnviz.data.prepared import Dataset
from cnnviz.data.scratch import locked
from cnnviz.errors import ConfigError, DataError, NotFound
from cnnviz.progress import Progress, Work, finish, within
from cnnviz.workspace import data_root, dataset_folder, plain_name


@dataclass(frozen=True)
class CatalogueEntry:
    """A data set that the bench knows how to get."""

    name: str
    title: str
    summary: str
    """One line for people."""
    shape: tuple[int, int, int]
    """Height, width and channels."""
    classes: int
    train: int
    test: int
    offline: bool
    """Made on this machine, at most from another data set that is here."""
    download_mb: float
    prepare: Callable[[Path], Work[Dataset]]
    """Writes the data set into a folder that does not exist yet."""
    family: str
    by_hand: Callable[[Path], str] = lambda root: "go online once"
    """What to do without a network, to be read after 'or'."""
    made_from: str | None = None
    """The data set that has to be here first."""


def entries() -> dict[str, CatalogueEntry]:
    """The built-in data sets by name, the ones that need no download first."""
    return dict(_ENTRIES)


def available() -> list[str]:
    """Names that `load` takes at once: prepared and imported data sets, and those made on this machine."""
    root = data_root()
    folders = root.iterdir() if root.is_dir() else ()
    there = {folder.name for folder in folders if _is_readable(folder)}
    made = {entry.name for entry in _ENTRIES.values() if entry.offline and not (root / entry.name).exists()}
    ready = there | {name for name in made if _ENTRIES[name].made_from in {None, *there}}
    known = [name for name in _ENTRIES if name in ready]
    return known + sorted(ready - set(known))


def load(name: str) -> Dataset:
    """As `loading`, when nobody watches."""
    return finish(loading(name))


def loading(name: str) -> Work[Dataset]:
    """The data set called `name`; one that needs no download is made first if it is not there.

    Raises NotFound for an unknown name, and DataError for one that is broken or has to be downloaded first.
    """
    entry = _ENTRIES.get(name)
    if _folder(name).exists() or entry is None:
        return _existing(name)
    if not entry.offline:
        raise DataError(
            f"The data set {name!r} is not here yet: get it in the app's Data section or with "
            f"`python -m cnnviz data get {name}`, or {entry.by_hand(data_root())}."
        )
    if entry.made_from:
        yield from loading(entry.made_from)
    return (yield from prepare(name))


def prepare(name: str) -> Work[Dataset]:
    """The data set called `name`, downloaded or made if it is not there.

    Of several processes that ask at once, one does the work and the others wait. Whoever closes it leaves nothing
    behind.
    Raises NotFound for an unknown name, DownloadError if the network fails, DataError otherwise.
    """
    folder = _folder(name)
    entry = _ENTRIES.get(name)
    if folder.exists() or entry is None:
        return _existing(name)
    if entry.made_from:
        yield from prepare(entry.made_from)
    with prepared.writing(folder), locked(folder):
        if folder.exists():
            return prepared.read(folder)
        dataset = yield from entry.prepare(folder)
    yield Progress(1.0, f"{entry.title} is ready.")
    return dataset


def _folder(name: str) -> Path:
    try:
        return dataset_folder(name)
    except ConfigError:
        raise NotFound("data set", name, available=_names()) from None


def _existing(name: str) -> Dataset:
    folder = _folder(name)
    if not folder.exists():
        raise NotFound("data set", name, available=_names())
    if (folder / "train").is_dir() and not (folder / "dataset.json").exists():
        raise DataError(
            f"{folder} is a folder of pictures: import it as a data set first, under another name."
        )
    return prepared.read(folder)


def _names() -> list[str]:
    return list(dict.fromkeys([*_ENTRIES, *available()]))


def _is_readable(folder: Path) -> bool:
    try:
        plain_name(folder.name, what="data set")
        prepared.read(folder)
    except (ConfigError, DataError):
        return False
    return True


def _digits(folder: Path) -> Work[Dataset]:
    from PIL import Image
    from sklearn.datasets import load_digits

    yield Progress(0.0, "Enlarging 1,797 digits")
    bunch = load_digits()
    small = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    large = [np.asarray(Image.fromarray(digit).resize((28, 28), Image.Resampling.BICUBIC)) for digit in small]
    images = np.stack(large)[..., np.newaxis]
    labels = bunch.target.astype(np.int64)
    train, test = split.train_validation(labels, train=None, validation=round(len(labels) / 5), seed=0)
    return prepared.write(
        folder,
        name="digits",
        classes=[str(digit) for digit in range(10)],
        source="Optical recognition of handwritten digits, Alpaydin and Kaynak 1998, from scikit-learn: "
        "8×8 pixels, enlarged to 28×28 (Pillow, bicubic); a fifth of each class is the test set",
        train_images=images[train],
        train_labels=labels[train],
        test_images=images[test],
        test_labels=labels[test],
    )


def _shapes(folder: Path) -> Work[Dataset]:
    train, test = _ENTRIES["shapes"].train, _ENTRIES["shapes"].test
    share = train / (train + test)
    train_images, train_labels = yield from within(shapes.draw(train, seed=0), 0.0, share)
    test_images, test_labels = yield from within(shapes.draw(test, seed=1), share, 1.0)
    return prepared.write(
        folder,
        name="shapes",
        classes=shapes.CLASSES,
        source=f"Drawn by cnnviz.data.shapes (seeds 0 and 1): {train:,} training and {test:,} test images",
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
    )


def _tiny_cifar10(folder: Path) -> Work[Dataset]:
    whole = prepared.read(dataset_folder("cifar10"))
    yield Progress(0.0, "Drawing 500 CIFAR-10 images a class")
    order = np.random.default_rng(0).permutation(len(whole.train_labels))
    chosen = np.sort(split.stratified(whole.train_labels, order, _ENTRIES["tiny-cifar10"].train))
    return prepared.write(
        folder,
        name="tiny-cifar10",
        classes=whole.classes,
        source=f"500 training images a class (seed 0) and all test images of {whole.source}",
        train_images=whole.train_images[chosen],
        train_labels=whole.train_labels[chosen],
        test_images=whole.test_images,
        test_labels=whole.test_labels,
    )


_ENTRIES = {
    entry.name: entry
    for entry in (
        CatalogueEntry(
            name="shapes",
            title="Shapes",
            summary="Ten shapes in any colour, size and place, among clutter. Drawn here in seconds.",
            shape=(32, 32, 3),
            classes=10,
            train=10_000,
            test=2_000,
            offline=True,
            download_mb=0.0,
            prepare=_shapes,
            family="drawn",
        ),
        CatalogueEntry(
            name="digits",
            title="Digits",
            summary="1,797 real handwritten digits, enlarged from 8×8 pixels. Comes with scikit-learn.",
            shape=(28, 28, 1),
            classes=10,
            train=1_438,
            test=359,
            offline=True,
            download_mb=0.0,
            prepare=_digits,
            family="handwriting",
        ),
        CatalogueEntry(
            name="tiny-cifar10",
            title="Tiny CIFAR-10",
            summary="A tenth of CIFAR-10's training images, with all of its test images.",
            shape=(32, 32, 3),
            classes=10,
            train=5_000,
            test=10_000,
            offline=True,
            download_mb=170.5,
            prepare=_tiny_cifar10,
            family="photographs",
            made_from="cifar10",
        ),
        CatalogueEntry(
            name="mnist",
            title="MNIST",
            summary="70,000 handwritten digits, grey, 28×28 pixels.",
            shape=(28, 28, 1),
            classes=10,
            train=60_000,
            test=10_000,
            offline=False,
            download_mb=11.6,
            prepare=download.mnist,
            by_hand=partial(download.by_hand, "mnist"),
            family="handwriting",
        ),
        CatalogueEntry(
            name="fashion-mnist",
            title="Fashion-MNIST",
            summary="70,000 pieces of clothing, grey, 28×28 pixels: harder than digits.",
            shape=(28, 28, 1),
            classes=10,
            train=60_000,
            test=10_000,
            offline=False,
            download_mb=30.9,
            prepare=download.fashion_mnist,
            by_hand=partial(download.by_hand, "fashion-mnist"),
            family="clothing",
        ),
        CatalogueEntry(
            name="cifar10",
            title="CIFAR-10",
            summary="60,000 small colour photographs of animals and vehicles, 32×32 pixels.",
            shape=(32, 32, 3),
            classes=10,
            train=50_000,
            test=10_000,
            offline=False,
            download_mb=170.5,
            prepare=download.cifar10,
            by_hand=partial(download.by_hand, "cifar10"),
            family="photographs",
        ),
        CatalogueEntry(
            name="ants-bees",
            title="Ants and bees",
            summary="398 photographs of ants and bees, 224×224 pixels: few images, as in life.",
            shape=(224, 224, 3),
            classes=2,
            train=245,
            test=153,
            offline=False,
            download_mb=47.3,
            prepare=hymenoptera.prepare,
            by_hand=hymenoptera.by_hand,
            family="photographs",
        ),
    )
}
