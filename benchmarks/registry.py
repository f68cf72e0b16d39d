"""Every benchmark by its name, in the order in which they run."""

from collections.abc import Callable, Mapping
from functools import partial

from benchmarks import (
    attribution,
    augmentation,
    between_runs,
    cold_start,
    data_path,
    index,
    logging_cost,
    look,
    many_runs,
    page,
    recording_cost,
    shake,
    train,
)
from benchmarks.pairs import Row

BENCHMARKS: Mapping[str, Callable[..., list[Row]]] = {
    "train-7x7": partial(train.measure, "imagenet"),
    "data-path-7x7": partial(data_path.measure, "imagenet"),
    "train-3x3": partial(train.measure, "cifar"),
    "data-path-3x3": partial(data_path.measure, "cifar"),
    "augmentation": augmentation.measure,
    "logging": logging_cost.measure,
    "recording": recording_cost.measure,
    "look": look.measure,
    "attribution": attribution.measure,
    "index": index.measure,
    "cold": cold_start.measure,
    "page": page.measure,
    "runs": many_runs.measure,
    "shake": shake.measure,
    "queue": between_runs.measure,
}
"""`BENCHMARKS[name](quick=…)` measures, and gives rows of the table."""


def chosen(names: list[str]) -> list[str]:
    """The benchmarks whose names are given or begin with one that is given; all of them for no names.

    Raises KeyError for a name that fits none.
    """
    for name in names:
        if not any(known.startswith(name) for known in BENCHMARKS):
            raise KeyError(name)
    return [known for known in BENCHMARKS if not names or known.startswith(tuple(names))]
