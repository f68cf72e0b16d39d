"""Accuracy against the strength of a perturbation, and how it is stored. Does without torch."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnviz.codecs import Json
from cnnviz.data.perturbation import PERTURBATIONS
from cnnviz.errors import DataError


@dataclass(frozen=True)
class Curve:
    """What becomes of a network's accuracy as its test images are shaken harder."""

    perturbation: str
    """By its name in `PERTURBATIONS`."""
    strengths: tuple[float, ...]
    accuracy: tuple[float, ...]
    """Share of images whose likeliest class is theirs, 0 to 1, by strength."""
    error: tuple[float, ...]
    """Standard error of that over images (binomial)."""
    true_probability: tuple[float, ...]
    """Mean probability of an image's own class."""
    count: int
    """Images, the same at every strength."""
    classes: int
    data: str
    epoch: int
    seed: int
    """Of the noise, with the number of the image; and of the sample."""

    @property
    def chance(self) -> float:
        """What guessing scores."""
        return 1 / self.classes

    @property
    def neutral(self) -> float:
        """Accuracy on images that are not shaken."""
        strength = PERTURBATIONS[self.perturbation].strength
        at = self.strengths.index(PERTURBATIONS[self.perturbation].settings[strength].neutral)
        return self.accuracy[at]


CODEC = Json(Curve, name="curve", version="robustness 1")


def sample(
    labels: NDArray[np.integer], *, count: int, seed: int = 0, data: str = "the data set"
) -> NDArray[np.int64]:
    """Numbers of at most `count` images, drawn at random from every class alike, rising: (N,).

    A class has as many as its share of all, rounded. Raises DataError where there are no images.
    """
    total = len(labels)
    if not total or count < 1:
        raise DataError(f"There are no test images in {data}: choose more images, or another data set.")
    # Shuffled, then by class, then evenly: a share of each class.
    shuffled = np.random.default_rng(seed).permutation(total)
    by_class = shuffled[np.argsort(np.asarray(labels)[shuffled], kind="stable")]
    places = np.arange(min(count, total)) * total // min(count, total)
    return np.sort(by_class[places]).astype(np.int64)


def table(curves: Sequence[Curve]) -> str:
    """Curves as CSV, a row for each strength, with what it is of in every row."""
    content = io.StringIO()
    rows = csv.writer(content)
    rows.writerow([
        "perturbation", "strength", "unit", "accuracy", "standard_error", "true_class_probability",
        "images", "data", "epoch", "seed",
    ])  # fmt: skip
    for one in curves:
        of = PERTURBATIONS[one.perturbation]
        unit = of.settings[of.strength].unit
        for row in zip(one.strengths, one.accuracy, one.error, one.true_probability, strict=True):
            rows.writerow(
                [one.perturbation, row[0], unit, *row[1:], one.count, one.data, one.epoch, one.seed]
            )
    return content.getvalue()
