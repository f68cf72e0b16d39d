"""The images that are trained on: CIFAR-10, or noise of its shape where it is not on this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cnnviz.data import catalogue, prepared
from cnnviz.data.prepared import Dataset

_REAL, _NOISE = "cifar10", "noise"


@cache
def images() -> Dataset:
    """CIFAR-10, or 50,000 + 10,000 random images of its shape, in memory."""
    return catalogue.load(_REAL) if _REAL in catalogue.available() else noise(50_000, 10_000)


def source() -> str:
    """What `images` are, in words."""
    return "real CIFAR-10" if images().name != _NOISE else "random images of CIFAR-10's shape"


def noise(train: int, test: int) -> Dataset:
    """A data set of random 32×32 colour images in ten classes."""
    random = np.random.default_rng(0)

    def split(count: int) -> tuple[prepared.Images, prepared.Labels]:
        return random.integers(256, size=(count, 32, 32, 3), dtype=np.uint8), np.arange(count) % 10

    classes = tuple(map(str, range(10)))
    return Dataset(_NOISE, classes, "random", *split(train), *split(test), Path(_NOISE))


@contextmanager
def on_disk() -> Iterator[None]:
    """Nothing; inside the block, processes started there find `images` by their name."""
    found = images()
    if found.name != _NOISE:
        yield
        return
    with TemporaryDirectory() as folder, environment(CNNVIZ_DATA=folder):
        prepared.write(
            Path(folder) / _NOISE,
            name=_NOISE,
            classes=found.classes,
            source=found.source,
            train_images=found.train_images,
            train_labels=found.train_labels,
            test_images=found.test_images,
            test_labels=found.test_labels,
        )
        yield


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Nothing; inside the block, and for processes started there, these environment variables are set."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
