"""How much accuracy a network loses as its test images are shaken harder."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from cnnviz.data.perturbation import PERTURBATIONS, shaken
from cnnviz.errors import DataError
from cnnviz.explore.activations.activation_maps import probabilities
from cnnviz.explore.inputs.batches import normalisation, unnormalised_batches
from cnnviz.explore.robustness.curve import Curve
from cnnviz.formatting import standard_error
from cnnviz.models.checkpoint import Card
from cnnviz.progress import Progress, Work
from cnnviz.registry import entry

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
    entry("perturbation", perturbation, PERTURBATIONS)
    chosen = np.asarray(numbers, np.int64)
    check(card, images, chosen)
    shaking = PERTURBATIONS[perturbation]
    normalise = normalisation(card)
    setting = shaking.settings[shaking.strength]
    truth = np.asarray(labels)[chosen]
    right = np.zeros(len(shaking.strengths))
    sure = np.zeros(len(shaking.strengths))
    done = 0
    for here, pixels in unnormalised_batches(card, images, chosen):
        some, own = chosen[here], truth[here]
        for at, strength in enumerate(shaking.strengths):
            made = [
                shaken(one, {shaking.strength: strength}, seed=(seed, int(number)))
                for one, number in zip(pixels, some, strict=True)
            ]
            shares = probabilities(model, normalise(torch.from_numpy(np.stack(made))))
            right[at] += (shares.argmax(1) == own).sum()
            sure[at] += shares[np.arange(len(own)), own].sum()
            done += len(some)
            share = done / (len(chosen) * len(shaking.strengths))
            yield Progress(share, f"{setting.label} {setting.words(strength)}, image {here.stop:,}")
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
    images = np.random.default_rng(0).integers(0, 256, (_TRIED, *card.image_shape), dtype=np.uint8)
    inputs = normalisation(card)(torch.from_numpy(images))
    probabilities(model, inputs[:2])
    began = time.perf_counter()
    probabilities(model, inputs)
    return (time.perf_counter() - began) / _TRIED
