"""What the heaviest augmentation adds to a training step on CIFAR-10's size of images."""

from collections.abc import Sequence

from benchmarks.pairs import RATE, Row, in_turn
from benchmarks.sessions import images_per_second, ready
from cnnviz.config import (
    Augmentation,
    ColourJitter,
    CutMix,
    Erasing,
    GaussianBlur,
    Grayscale,
    HorizontalFlip,
    Mixup,
    PadAndCrop,
    RandomResizedCrop,
    Rotation,
)
from cnnviz.train.session import Session

HEAVIEST: tuple[Augmentation, ...] = (
    PadAndCrop(),
    RandomResizedCrop(),
    HorizontalFlip(),
    Rotation(),
    ColourJitter(),
    Grayscale(),
    GaussianBlur(probability=1.0),
    Erasing(probability=1.0),
    Mixup(),
    CutMix(),
)
"""All there are, each on every image that it can be on."""


def measure(*, quick: bool) -> list[Row]:
    """One row: images a second of `fit` with all augmentations, and with none."""
    session = ready("imagenet").session
    own = session.config
    try:
        figures = in_turn(
            lambda: _speed(session, HEAVIEST), lambda: _speed(session, ()), repeats=3 if quick else 8
        )
    finally:
        session.config = own
    return [
        Row(
            name="augmentation",
            what=f"fit() on ResNet-18 with 7×7 stem, batch 128, with all {len(HEAVIEST)} augmentations, against none: "
            "at most 15 % of a step is 0.87",
            unit=RATE,
            ours=figures[0],
            theirs=figures[1],
            target=1 / 1.15,
            notes=["turns of 10 steps after one to warm up"],
        )
    ]


def _speed(session: Session, steps: Sequence[Augmentation]) -> float:
    session.config = session.config.model_copy(update={"augmentation": tuple(steps)})
    return images_per_second(session, steps=10, warm_up=1)
