"""Whether settings differ by more than noise, as their runs tell: over seeds, and on the same test images."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnviz.diagnosis.difference import Difference, corrected, from_first, paired
from cnnviz.runs.summary import Summary

Setting = Sequence[Summary]
"""Runs that differ in their seed alone."""
Right = tuple[NDArray[np.int64], NDArray[np.bool_]]
"""Numbers of test images (N,), each once, and where a network is right (N,)."""


@dataclass(frozen=True)
class Compared:
    """A setting beside the first one."""

    setting: Setting
    split: Literal["validation", "test"]
    """Whose images were looked at: settings are told apart by validation alone."""
    difference: Difference


@dataclass(frozen=True)
class Comparison:
    """Several settings, each beside the first."""

    first: Setting
    compared: Sequence[Compared]
    remarks: Sequence[str]
    """What it rests on and what it lacks, a sentence each."""


def compare(runs: Sequence[Summary], right: Callable[[str], Right | None]) -> Comparison | None:
    """How each setting differs from that of the first run; None where there is nothing to compare.

    `right` says of a run's id where its last weights are right on the test images, if that is known. Runs of one
    setting alone are compared as networks. Those without a validation figure, or of other data, are left out.
    """
    there = [run for run in runs if run.validation_accuracy is not None and run.data == runs[0].data]
    by_experiment = defaultdict(list)
    for run in there:
        by_experiment[run.experiment].append(run)
    settings: list[list[Summary]] = list(by_experiment.values())
    if len(there) < 2 or len(settings) < 2 < len(there):
        return None
    one = len(settings) == 1
    if one:
        settings = [[run] for run in there]
    seeds, same = _over_seeds(settings), _on_same_images(settings, right)
    if one and not same:
        return None
    remarks = []
    if max(len(seeds), len(same)) > 1:
        remarks.append("Chances hold for all comparisons together (Holm); intervals for each by itself.")
    if len(seeds) < len(settings) - 1 and not one:
        remarks.append("Two seeds of each setting at least are needed to tell a setting from a lucky seed.")
    if same:
        remarks.append("The same test images (McNemar) tell these networks apart, not their settings.")
    return Comparison(settings[0], [*seeds, *same], remarks)


def _over_seeds(settings: Sequence[Setting]) -> list[Compared]:
    """By validation accuracy: choosing looks at no other."""
    figures = [[run.validation_accuracy or 0.0 for run in setting] for setting in settings]
    return [
        Compared(setting, "validation", found)
        for setting, found in zip(settings[1:], from_first(figures), strict=True)
        if found is not None
    ]


def _on_same_images(settings: Sequence[Setting], right: Callable[[str], Right | None]) -> list[Compared]:
    """By what is known of the test images; only where one run stands for each setting."""
    if any(len(setting) > 1 for setting in settings):
        return []
    first, *others = settings
    base = right(first[0].id)
    if base is None:
        return []
    there, found = [], []
    for setting in others:
        answers = right(setting[0].id)
        if answers is None:
            continue
        _, here, beside = np.intersect1d(answers[0], base[0], assume_unique=True, return_indices=True)
        if len(here):
            there.append(setting)
            found.append(paired(answers[1][here], base[1][beside]))
    return [Compared(setting, "test", one) for setting, one in zip(there, corrected(found), strict=True)]
