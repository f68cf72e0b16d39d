"""Which training images train and which validate, and the statistics of their colours."""

import numpy as np
import numpy.typing as npt

from cnnviz.config import Data
from cnnviz.data.prepared import Dataset, Images, Labels
from cnnviz.errors import ConfigError

Indices = npt.NDArray[np.int64]
Statistic = npt.NDArray[np.float64]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_CHUNK_BYTES = 1 << 24


def of_run(dataset: Dataset, how: Data) -> tuple[Indices, Indices]:
    """Indices of the training and of the validation images of a run with this configuration.

    Raises ConfigError if the sizes do not fit, with the sizes that would.
    """
    return train_validation(
        dataset.train_labels,
        train=how.train,
        validation=how.validation,
        seed=how.split_seed,
        own_validation=dataset.own_validation,
    )


def for_test(dataset: Dataset, how: Data) -> Indices:
    """Indices of the test images of a run with this configuration, in their order.

    Raises ConfigError if there are not so many.
    """
    count = len(dataset.test_labels)
    if how.test is None:
        return np.arange(count, dtype=np.int64)
    if how.test > count:
        raise ConfigError(f"test={how.test:,} does not fit: there are {count:,} test images.")
    order = np.random.default_rng(how.split_seed).permutation(count)
    return np.sort(stratified(dataset.test_labels, order, how.test))


def train_validation(
    labels: Labels, *, train: int | None, validation: int | None, seed: int, own_validation: int = 0
) -> tuple[Indices, Indices]:
    """Indices of the training and of the validation images: int64, disjoint, in a seeded random order.

    `validation` images are drawn from all of them; None takes the last `own_validation` (in their order), or
    a tenth if there are none. `train` images are drawn from the rest; None takes them all. Every draw is
    stratified: each class's part is within one image of proportional (largest remainder). The same seed
    gives the same validation images whatever `train` is.
    Raises ConfigError if the sizes do not fit, with the sizes that would.
    """
    count = len(labels)
    own = own_validation if validation is None else 0
    wanted = own or (max(1, round(count / 10)) if validation is None else validation)
    if not 0 < wanted < count:
        raise ConfigError(
            f"validation={wanted:,} does not fit: choose 1 to {count - 1:,} of {count:,} images."
        )
    rest = count - wanted
    if train is not None and not 0 < train <= rest:
        raise ConfigError(
            f"train={train:,} does not fit: beside {wanted:,} validation images {rest:,} are left."
        )
    random = np.random.default_rng(seed)
    order = random.permutation(count)
    if own:
        validating = np.arange(rest, count, dtype=np.int64)
        order = order[order < rest]
    else:
        validating = stratified(labels, order, wanted)
        order = order[~np.isin(order, validating)]
    return stratified(labels, order, rest if train is None else train), validating


def stratified(labels: Labels, order: Indices, count: int) -> Indices:
    """`count` of the indices in `order`, each class's first ones, in that order.

    Each class gets its proportional part within one image (largest remainder), and the total is exact.
    """
    own = labels[order]
    quota = _largest_remainder(np.bincount(own), count)
    by_class = np.argsort(own, kind="stable")
    starts = np.searchsorted(own[by_class], np.arange(len(quota)))
    rank = np.empty(len(own), dtype=np.int64)
    rank[by_class] = np.arange(len(own)) - starts[own[by_class]]
    chosen: Indices = order[rank < quota[own]]
    return chosen


def _largest_remainder(counts: Indices, total: int) -> Indices:
    whole, remainder = np.divmod(counts * total, counts.sum())
    missing = total - int(whole.sum())
    whole[np.argsort(-remainder, kind="stable")[:missing]] += 1
    return whole


def channel_statistics(images: Images, indices: Indices) -> tuple[Statistic, Statistic]:
    """Mean and standard deviation of each channel over some images: float64, (C,), in units of 0 to 1.

    `images` are uint8, (N, H, W, C), and may be mapped from disk. A channel without any variation gets a
    standard deviation of 1, so that dividing by it is safe.
    """
    _, height, width, channels = images.shape
    step = max(1, _CHUNK_BYTES // (height * width * channels))
    ordered = np.sort(indices)
    total = np.zeros(channels, dtype=np.int64)
    squares = np.zeros(channels, dtype=np.int64)
    for start in range(0, len(ordered), step):
        chunk = images[ordered[start : start + step]].reshape(-1, channels)
        for channel in range(channels):
            # Counts of the 256 levels make both sums exact.
            levels = np.bincount(chunk[:, channel], minlength=256)
            total[channel] += levels @ np.arange(256)
            squares[channel] += levels @ np.arange(256) ** 2
    pixels = len(ordered) * height * width
    mean = total / pixels
    variance = np.maximum(squares / pixels - mean**2, 0)
    std = np.sqrt(variance) / 255
    return mean / 255, np.where(std < 1e-6, 1.0, std)


def imagenet_statistics(channels: int) -> tuple[Statistic, Statistic]:
    """ImageNet's mean and standard deviation: float64, (C,), in units of 0 to 1; grey gets their averages."""
    mean, std = np.array(IMAGENET_MEAN), np.array(IMAGENET_STD)
    if channels == 1:
        return mean.mean(keepdims=True), std.mean(keepdims=True)
    return mean, std
