"""Gathering the facts of a run: from its files at once, from its network and data with patience."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cnnviz.diagnosis import duplicates
from cnnviz.diagnosis.duplicates import Shared
from cnnviz.doctor.facts import Answers, Facts, Inside
from cnnviz.errors import CnnvizError
from cnnviz.progress import Progress, Work, within
from cnnviz.runs.run import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from cnnviz.data.prepared import Dataset
    from cnnviz.explore.predictions import Predictions
    from cnnviz.models.checkpoint import Card

IMAGES = 200
"""Training images that the network is looked into with."""
_MOST = 500
"""Validation images of which its answers are taken."""


def from_files(run: Run, snapshot: str = "last") -> Facts:
    """What the run's folder says, without its weights. Takes no torch."""
    metrics, status = run.metrics(), run.status()
    started = metrics.started
    return Facts(
        run=run.id,
        snapshot=snapshot,
        config=run.config,
        state=status.state,
        reason=status.reason,
        classes=tuple(started.get("classes", ())),
        train=int(started.get("train", 0)),
        validation=int(started.get("validation", 0)),
        epochs=tuple(metrics.epochs),
        steps=tuple(metrics.steps),
        why_not={
            "inside": "the network was not looked into yet",
            "shared": "the splits were not compared yet",
        },
    )


def look_inside(facts: Facts, model: nn.Module, card: Card, data: Dataset) -> Work[Facts]:
    """The facts with what network and data tell: changes nothing in either."""
    from cnnviz.data import split
    from cnnviz.explore.predictions import predicting, some_of
    from cnnviz.explore.statistics import dead_units

    train, validation = split.of_run(data, facts.config.data)
    some = np.sort(train[some_of(len(train), IMAGES)])
    yield Progress(0.0, "Looking for dead units")
    rectifiers = dead_units.rectifiers(model, card, data.train_images, some)
    yield Progress(0.1, "Following the gradient")
    reached = dead_units.gradients(model, card, data.train_images, data.train_labels, some)
    sample = np.sort(validation)[some_of(len(validation), _MOST)]
    answers = yield from within(
        predicting(model, card, data.train_images, data.train_labels, numbers=sample),
        0.3, 0.7, f"Asking it about {len(sample):,} validation images",
    )  # fmt: skip
    count = len(card.classes)
    labels = np.bincount(data.train_labels[train], minlength=count)
    missing = np.flatnonzero(np.isin(data.test_labels, np.flatnonzero(labels == 0)))
    on_test = None
    if len(missing):
        unseen = missing[some_of(len(missing), _MOST)]
        told = yield from within(
            predicting(model, card, data.test_images, data.test_labels, numbers=np.sort(unseen)),
            0.7, 0.7, "Asking it about classes that it never saw",
        )  # fmt: skip
        on_test = _answers("test", told, count)
    shared = yield from _shared(data, train, validation)
    inside = Inside(
        images=len(some),
        rectifiers=rectifiers,
        gradients=reached,
        batch_norms=dead_units.batch_norms(model),
        answers=_answers("validation", answers, count),
        labels=tuple(labels.tolist()),
        on_test=on_test,
    )
    return replace(facts, classes=card.classes, inside=inside, shared=shared, why_not={})


def _answers(split: str, found: Predictions, count: int) -> Answers:
    return Answers(
        split=split,
        support=tuple(np.bincount(found.labels, minlength=count).tolist()),
        guesses=tuple(np.bincount(found.guesses, minlength=count).tolist()),
    )


def without(facts: Facts, error: CnnvizError) -> Facts:
    """The facts, when network or data can't be had for that reason."""
    why = str(error).rstrip(".")
    return replace(facts, why_not={"inside": why, "shared": why})


def _shared(
    data: Dataset, train: NDArray[np.int64], validation: NDArray[np.int64]
) -> Work[tuple[Shared, ...]]:
    splits = {
        "training": (data.train_images, data.train_labels, np.sort(train)),
        "validation": (data.train_images, data.train_labels, np.sort(validation)),
        "test": (data.test_images, data.test_labels, np.arange(len(data.test_labels))),
    }
    total, done = sum(len(numbers) for _, _, numbers in splits.values()), 0
    prints = {}
    for name, (images, labels, numbers) in splits.items():
        hashes: list[bytes] = []
        for some in duplicates.fingerprints(images, numbers):
            hashes += some
            done += len(some)
            yield Progress(0.7 + 0.3 * done / total, f"Comparing {total:,} images")
        prints[name] = (hashes, labels[numbers])
    return tuple(
        replace(
            one,
            places=tuple(int(splits[one.split][2][place]) for place in one.places),
            others=tuple(int(splits[one.other][2][place]) for place in one.others),
        )
        for one in duplicates.shared(prints)
    )
