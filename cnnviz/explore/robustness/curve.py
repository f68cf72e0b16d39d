"""Accuracy against the strength of a perturbation, and how it is kept. Does without torch."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from cnnviz import atomic
from cnnviz.data.perturbation import PERTURBATIONS
from cnnviz.errors import DataError

_VERSION = "robustness 1"
"""Changes when a perturbation is defined differently, so that what was kept is measured anew."""


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


_CURVE = TypeAdapter(Curve)


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


def save(path: Path, curve: Curve, *, of: str) -> None:
    """Keep it in a file that says what it is of. Raises OSError when the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"of": of, "version": _VERSION, "curve": _CURVE.dump_python(curve, mode="json")}
    atomic.replace(path, json.dumps(document, indent=1).encode(), durable=False)


def load(path: Path, *, of: str) -> Curve | None:
    """What was kept; None if there is nothing, or it is of something else, or damaged."""
    try:
        kept = json.loads(path.read_bytes())
        if kept["of"] != of or kept["version"] != _VERSION:
            return None
        return _CURVE.validate_python(kept["curve"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
