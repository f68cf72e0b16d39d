"""What a checkpoint says of the test or validation images, computed once and stored in the run's folder."""

from typing import TYPE_CHECKING

import numpy as np

from cnnviz.artifact import StoredArtifact
from cnnviz.explore import stored_predictions
from cnnviz.ui.resources import networks, results
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.widgets import long_work

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset
    from cnnviz.explore.predictions import Pool, Predictions
    from cnnviz.progress import Work

FIRST = 2_000
"""Images that are predicted at first: a few seconds even on a busy machine."""
_ICON = ":material/checklist:"
QUICK = 3.0
"""Seconds: what takes less is predicted without being asked for."""


def artifact(network: SelectedNetwork, split: str) -> "StoredArtifact[Predictions]":
    """Where it is stored what these very weights say of the images of a split."""
    digest = networks.digest(network.stamp)
    return stored_predictions.artifact(
        network.run.id, network.snapshot, split, digest=digest, data=network.card.data
    )


def known(network: SelectedNetwork, data: "Dataset | None", *, split: str = "test") -> "Predictions | None":
    """What is known so far of the images of a split; None for nothing. Of no `data`, what is stored is believed."""
    long_work.settle()
    found = results.known(artifact(network, split))
    if found is None or data is None:
        return found
    labels = pool(network, data, split).labels
    fits = found.numbers.max(initial=-1) < len(labels) and np.array_equal(labels[found.numbers], found.labels)
    return found if fits else None


def exist(run: str, snapshot: str, split: str) -> bool:
    """Whether there are predictions of a snapshot at all, of whatever weights."""
    return stored_predictions.exist(run, snapshot, split)


def pool(network: SelectedNetwork, data: "Dataset", split: str) -> "Pool":
    """The images of a split. Raises ConfigError where the run's split does not fit the data any more."""
    from cnnviz.explore.predictions import SPLITS

    return SPLITS[split](data, network.run.config.data)


def quick(network: SelectedNetwork, data: "Dataset", *, split: str) -> bool:
    """Whether the first images are predicted in no time, as far as is known."""
    count = min(FIRST, len(pool(network, data, split).numbers))
    trained = network.run.metrics().epochs
    return (
        bool(trained) and count <= QUICK * trained[-1].images_per_second
    )  # training is the slower of the two


def obtain(network: SelectedNetwork, data: "Dataset", *, split: str) -> "Predictions | None":
    """The first images predicted, without being asked for; where that was stopped, a button that has it done."""
    there = pool(network, data, split)
    count = min(FIRST, len(there.numbers))
    return long_work.at_once(
        lambda: _predicting(network, there, None, count, split=split),
        of=(network.run.id, network.snapshot, split),
        name="predicting",
        again=_label(0, count, len(there.numbers), split),
        key=_key(network, split),
        icon=_ICON,
    )


def offer(
    network: SelectedNetwork, data: "Dataset", found: "Predictions | None", *, split: str = "test"
) -> None:
    """A button that has more of the images predicted, as long as there are more."""
    there = pool(network, data, split)
    total = len(there.numbers)
    done = 0 if found is None else len(found)
    if done >= total:
        return
    first = min(FIRST, total)
    count = first if done < first else total
    long_work.offer(
        _label(done, count, total, split),
        lambda: _predicting(network, there, found, count, split=split),
        key=_key(network, split),
        name="predicting",
        icon=_ICON,
        kind="secondary",
    )


def _label(done: int, count: int, total: int, split: str) -> str:
    if not done:
        return f"Predict {count:,} {split} images"
    return f"Go on to {count:,}" if count < total else f"Predict all {total:,}"


def _key(network: SelectedNetwork, split: str) -> str:
    """Named for the run: a click that was meant for one that is gone starts nothing."""
    return f"predict {network.run.id} {network.snapshot} {split}"


def _predicting(
    network: SelectedNetwork, there: "Pool", before: "Predictions | None", count: int, *, split: str
) -> "Work[Predictions]":
    """Predict `count` images, those of `before` among them; what is done when it is stopped is stored."""
    from cnnviz.explore.predictions import joined, predicting, some_of

    model, card = networks.network(network.stamp)
    wanted = there.numbers[some_of(len(there.numbers), count)]
    numbers = wanted if before is None else np.setdiff1d(wanted, before.numbers)
    # In no order, so that what there is after a stop is a fair sample, too.
    shuffled = np.random.default_rng(0).permutation(numbers)
    parts = [] if before is None else [before]
    known = len(parts)
    try:
        return (
            yield from predicting(
                model, card, there.images, there.labels,
                numbers=shuffled, of=f"{split} images", parts=parts,
            )
        )  # fmt: skip
    finally:
        if len(parts) > known:
            artifact(network, split).save(joined(parts))
