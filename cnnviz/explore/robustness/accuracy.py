"""How much accuracy a network loses as its test images are shaken harder."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cnnviz.data.batches import Normalise
from cnnviz.data.geometry import resize
from cnnviz.data.perturbation import PERTURBATIONS, shaken
from cnnviz.errors import CnnvizError, DataError, NotFound
from cnnviz.explore.layers.capture import capture
from cnnviz.explore.robustness.curve import Curve
from cnnviz.formatting import standard_error
from cnnviz.models.checkpoint import Card
from cnnviz.progress import Progress, Work

_BATCH = 100
"""Images of 32×32 at once; fewer where they are larger."""
_TRIED = 16
"""Images that time is estimated with."""


def robustness(
    model: nn.Module,
    card: Card,
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    *,
    numbers: Sequence[int] | NDArray[np.int64],
    perturbation: str,
    seed: int = 0,
) -> Work[Curve]:
    """Yields how much is done, 0 to 1, and what; ends with accuracy by strength over the chosen `images`.

    `images` are uint8, N×H×W×C; each is brought to the size of training, shaken, then normalised. Noise is drawn by
    `seed` and the image's number: the same at every strength. Raises NotFound for a perturbation that is not there,
    DataError for no images or for images of another kind than the network reads, CnnvizError for no classifier.
    """
    if perturbation not in PERTURBATIONS:
        raise NotFound("perturbation", perturbation, available=PERTURBATIONS)
    chosen = np.asarray(numbers, np.int64)
    check(card, images, chosen)
    shaking = PERTURBATIONS[perturbation]
    normalise = Normalise.of(card.mean, card.std, torch.device("cpu"))
    setting = shaking.settings[shaking.strength]
    truth = np.asarray(labels)[chosen]
    size = _batch(card)
    right = np.zeros(len(shaking.strengths))
    sure = np.zeros(len(shaking.strengths))
    done = 0
    for start in range(0, len(chosen), size):
        some = chosen[start : start + size]
        pixels = _as_read(images[some], card)
        for at, strength in enumerate(shaking.strengths):
            made = [
                shaken(one, {shaking.strength: strength}, seed=(seed, int(number)))
                for one, number in zip(pixels, some, strict=True)
            ]
            shares = _shares(model, normalise, np.stack(made))
            own = truth[start : start + size]
            right[at] += (shares.argmax(1) == own).sum()
            sure[at] += shares[np.arange(len(own)), own].sum()
            done += len(some)
            share = done / (len(chosen) * len(shaking.strengths))
            yield Progress(share, f"{setting.label} {setting.words(strength)}, image {start + len(some):,}")
    accuracy = right / len(chosen)
    return Curve(
        perturbation=perturbation,
        strengths=shaking.strengths,
        accuracy=tuple(accuracy.tolist()),
        error=tuple(standard_error(value, len(chosen)) for value in accuracy.tolist()),
        true_probability=tuple((sure / len(chosen)).tolist()),
        count=len(chosen),
        classes=len(card.classes),
        data=card.data,
        epoch=card.epoch,
        seed=seed,
    )


def check(card: Card, images: NDArray[np.uint8], numbers: NDArray[np.int64]) -> None:
    """Raise DataError where there are no images, or the network reads images of other colours."""
    if not len(numbers):
        raise DataError("There are no images to shake: choose more.")
    if images.shape[3] != card.image_shape[2]:
        raise DataError(
            f"The images here have {images.shape[3]} channels and the network reads {card.image_shape[2]}: "
            "get the data set that it was trained on."
        )


def seconds_an_image(model: nn.Module, card: Card) -> float:
    """About how long one image takes at one strength, from a few tries."""
    normalise = Normalise.of(card.mean, card.std, torch.device("cpu"))
    images = np.random.default_rng(0).integers(0, 256, (_TRIED, *card.image_shape), dtype=np.uint8)
    _shares(model, normalise, images[:2])
    began = time.perf_counter()
    _shares(model, normalise, images)
    return (time.perf_counter() - began) / _TRIED


def _batch(card: Card) -> int:
    height, width, _ = card.image_shape
    return max(8, min(_BATCH, _BATCH * 32 * 32 // (height * width)))


def _as_read(images: NDArray[np.uint8], card: Card) -> NDArray[np.uint8]:
    if images.shape[1:3] == card.image_shape[:2]:
        return images
    resized: NDArray[np.uint8] = resize(
        torch.from_numpy(np.ascontiguousarray(images)), card.image_shape[0]
    ).numpy()
    return resized


def _shares(model: nn.Module, normalise: Normalise, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Probabilities (N, K) of uint8 images (N, H, W, C)."""
    with capture(model, [], stop=False) as seen:
        logits = seen.run(normalise(torch.from_numpy(np.ascontiguousarray(pixels))))
    if logits is None or logits.ndim != 2:
        raise CnnvizError("This network gives no scores of classes: choose a classifier.")
    shares: NDArray[np.float64] = torch.softmax(logits.double(), dim=1).cpu().numpy()
    return shares
