"""What a network says of many images: the base of lists by right and wrong, and of confusion matrices."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from torch import nn

from cnnviz.codecs import Npz
from cnnviz.config import Data
from cnnviz.data import split
from cnnviz.data.prepared import Dataset
from cnnviz.errors import CnnvizError
from cnnviz.explore.activations.activation_maps import probabilities
from cnnviz.explore.inputs.batches import batches
from cnnviz.models.checkpoint import Card
from cnnviz.progress import Progress, Work


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a network says of N images, by K classes."""

    numbers: NDArray[np.int64]
    """Which images: (N,), each once; rising once they are `joined`."""
    labels: NDArray[np.int64]
    """What they are: (N,)."""
    probabilities: NDArray[np.float32]
    """(N, K), each row adding up to 1."""

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def guesses(self) -> NDArray[np.intp]:
        """The likeliest class of each: (N,)."""
        found: NDArray[np.intp] = self.probabilities.argmax(1)
        return found

    @property
    def sureness(self) -> NDArray[np.float32]:
        """Probability of the likeliest class: (N,)."""
        found: NDArray[np.float32] = self.probabilities.max(1)
        return found

    @property
    def right(self) -> NDArray[np.bool_]:
        """Where the likeliest class is the image's: (N,)."""
        found: NDArray[np.bool_] = self.guesses == self.labels
        return found

    def confusion(self) -> NDArray[np.int64]:
        """Numbers of images by class and by likeliest class: (K, K)."""
        classes = self.probabilities.shape[1]
        pairs = np.bincount(self.labels * classes + self.guesses, minlength=classes * classes)
        return pairs.reshape(classes, classes)

    def where(
        self,
        *,
        truth: int | None = None,
        guess: int | None = None,
        right: bool | None = None,
        order: str = "number",
    ) -> NDArray[np.intp]:
        """Places in these arrays of the images of that class, likeliest class and outcome, in that one of `ORDERS`."""
        wanted = np.ones(len(self), bool)
        if truth is not None:
            wanted &= self.labels == truth
        if guess is not None:
            wanted &= self.guesses == guess
        if right is not None:
            wanted &= self.right == right
        found = np.flatnonzero(wanted)
        return found[np.argsort(ORDERS[order].by(self)[found], kind="stable")]


@dataclass(frozen=True)
class ImageOrder:
    """A way to sort images."""

    title: str
    by: Callable[[Predictions], NDArray[np.float64]]
    """Smallest first."""


ORDERS: Mapping[str, ImageOrder] = {
    "number": ImageOrder("By number", lambda found: found.numbers.astype(np.float64)),
    "surest": ImageOrder("Surest first", lambda found: -found.sureness.astype(np.float64)),
    "unsure": ImageOrder("Least sure first", lambda found: found.sureness.astype(np.float64)),
}


def predictions(
    model: nn.Module,
    card: Card,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    *,
    numbers: Sequence[int] | NDArray[np.int64],
) -> Iterator[Predictions]:
    """What the network says of the chosen ones of `images` (uint8, N×H×W×C), a batch at a time.

    At the size of training. Raises CnnvizError for no images, and for a network that is no classifier.
    """
    chosen = np.asarray(numbers, np.int64)
    if not len(chosen):
        raise CnnvizError("There are no images to look through.")
    for here, inputs in batches(card, images, chosen):
        some = chosen[here]
        shares = probabilities(model, inputs).astype(np.float32)
        yield Predictions(some, np.asarray(labels)[some], shares)


def predicting(
    model: nn.Module,
    card: Card,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    *,
    numbers: NDArray[np.int64],
    of: str = "images",
    parts: list[Predictions] | None = None,
) -> Work[Predictions]:
    """As `predictions`, all in one. What is done is added to `parts`, so that it is not lost when it is stopped."""
    parts, done = [] if parts is None else parts, 0
    for part in predictions(model, card, images, labels, numbers=numbers):
        parts.append(part)
        done += len(part)
        yield Progress.of(done, len(numbers), of)
    return joined(parts)


def joined(parts: Sequence[Predictions]) -> Predictions:
    """All of them in one, by number; of an image that is in several the last one counts. At least one part."""
    numbers = np.concatenate([part.numbers for part in parts])
    at = len(numbers) - 1 - np.unique(numbers[::-1], return_index=True)[1]
    return Predictions(
        numbers=numbers[at],
        labels=np.concatenate([part.labels for part in parts])[at],
        probabilities=np.concatenate([part.probabilities for part in parts])[at],
    )


@dataclass(frozen=True, eq=False)
class Pool:
    """Images of a data set that can be predicted."""

    images: NDArray[np.uint8]
    """uint8, (N, H, W, C)."""
    labels: NDArray[np.int64]
    numbers: NDArray[np.int64]
    """Those of them that belong to the split, rising."""


SPLITS: Mapping[str, Callable[[Dataset, Data], Pool]] = {
    "test": lambda data, how: Pool(data.test_images, data.test_labels, np.arange(len(data.test_labels))),
    "validation": lambda data, how: Pool(
        data.train_images, data.train_labels, np.sort(split.of_run(data, how)[1])
    ),
}
"""Parts of a data set that a run did not learn from, by its data and its configuration of them."""


def some_of(total: int, count: int) -> NDArray[np.int64]:
    """`count` numbers below `total`, or all of them, evenly spaced: also of images in order of class, a fair sample."""
    count = min(count, total)
    return np.arange(count, dtype=np.int64) * total // max(count, 1)


@dataclass(frozen=True)
class HalfPrecision:
    """Predictions for shipping: as logarithms in 16 bits, compressed. The likeliest class stays so."""

    def encode(self, result: Predictions, mark: str) -> bytes:
        content = io.BytesIO()
        np.savez_compressed(
            content,
            of=mark,
            numbers=result.numbers.astype(np.int32),
            labels=result.labels.astype(np.int16),
            log_probabilities=_halved(result.probabilities),
        )
        return content.getvalue()

    def decode(self, file: BinaryIO, mark: str) -> Predictions | None:
        return CODEC.decode(file, mark)


def _doubled(arrays: Mapping[str, Any]) -> Predictions | None:
    if "log_probabilities" not in arrays:
        return None
    shares = np.exp(arrays["log_probabilities"].astype(np.float32))
    return Predictions(
        arrays["numbers"].astype(np.int64),
        arrays["labels"].astype(np.int64),
        shares / shares.sum(1, keepdims=True),
    )


CODEC = Npz(Predictions, unpack=_doubled)
"""Reads predictions of half precision, too."""


def _halved(probabilities: NDArray[np.float32]) -> NDArray[np.float16]:
    """Logarithms, which keep apart in 16 bits what is nearly certain; the likeliest class stays so."""
    whole = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    small = whole.astype(np.float16)
    top = probabilities.argmax(1)
    tied = np.flatnonzero(small.argmax(1) != top)
    small[tied, top[tied]] = np.nextafter(small[tied].max(1), np.float16(np.inf))
    return small
