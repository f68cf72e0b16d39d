"""What there is to see of a data set: means, samples, and what augmentation makes of an image."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cnnviz.config import Augmentation
from cnnviz.data.prepared import Dataset, Images

_MOST = 5_000
"""Images of a class that its mean is taken of, at the most."""


def mean_images(dataset: Dataset) -> Images:
    """The mean training image of each class (of its first 5,000): uint8, (classes, H, W, C)."""
    means = np.zeros((len(dataset.classes), *dataset.image_shape), np.uint8)
    for label in range(len(dataset.classes)):
        chosen = np.flatnonzero(dataset.train_labels == label)[:_MOST]
        if len(chosen):
            means[label] = np.rint(dataset.train_images[chosen].mean(axis=0, dtype=np.float64))
    return means


def samples(dataset: Dataset, *, each: int, page: int = 0) -> npt.NDArray[np.int64]:
    """Numbers of `each` training images a class, class after class; the next ones on the next page."""
    found = []
    for label in range(len(dataset.classes)):
        chosen = np.flatnonzero(dataset.train_labels == label)
        found.append(np.resize(chosen, (page + 1) * each)[page * each :] if len(chosen) else chosen)
    return np.concatenate(found).astype(np.int64)


def counts(dataset: Dataset) -> dict[str, list[int]]:
    """Images of each class, by split."""
    classes = len(dataset.classes)
    return {
        "training": np.bincount(dataset.train_labels, minlength=classes).tolist(),
        "test": np.bincount(dataset.test_labels, minlength=classes).tolist(),
    }


def draws(image: Images, others: Images, steps: Sequence[Augmentation], *, count: int, seed: int) -> Images:
    """What `count` draws of an augmentation make of one image: uint8, (count, H, W, C).

    `image` is (H, W, C); `others` (N, H, W, C) are what mixup and cutmix mix it with. The same seed, the same draws.
    """
    import torch

    from cnnviz.data.augmentation import augment, mix

    own = np.broadcast_to(image, (count, *image.shape))
    batch = torch.from_numpy(np.concatenate([own, others]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        drawn = augment(batch, steps)
        drawn, _ = mix(drawn, torch.zeros(len(batch), dtype=torch.int64), steps, classes=1)
    return np.asarray(drawn[:count])
