"""Whether the selected settings differ by more than noise: over their seeds, and on the same test images."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cnnviz.diagnose.difference import Difference, corrected, over_seeds, paired
from cnnviz.errors import CnnvizError
from cnnviz.formatting import decimal, quoted
from cnnviz.runs.run import find
from cnnviz.runs.summary import Summary
from cnnviz.ui.runs.labels import of_group
from cnnviz.ui.widgets import predictions
from cnnviz.ui.widgets.network_picker import network_of

Group = Sequence[Summary]


def show(runs: Sequence[Summary], names: Mapping[str, str]) -> None:
    """Compare every setting with the first one that is selected."""
    there = [run for run in runs if run.validation_accuracy is not None and run.data == runs[0].data]
    settings = defaultdict(list)
    for run in there:
        settings[run.experiment].append(run)
    if len(there) < 2 or len(settings) < 2 < len(there):
        return
    first, *others = settings.values() if len(settings) > 1 else [[run] for run in there]
    seeds, same = _over_seeds(first, others), _paired(first, others)
    rows = [
        {
            "": quoted(of_group(group, names)),
            "Difference": found.words,
            "By chance": "under 0.1 %" if found.chance < 0.001 else f"{100 * found.chance:.1f} %",
            "95 % interval": _interval(found),
            "Images": split,
            "From": found.base,
        }
        for split, those in (("validation", seeds), ("test", same))
        for group, found in those
    ]
    if not rows and len(settings) < 2:
        return
    st.header("More than noise?", anchor=False)
    if rows:
        with st.container(key="noise"):
            st.table(pd.DataFrame(rows).set_index(""))
    said = [f"Compared with {of_group(first, names)}, the first that was selected."] if rows else []
    if max(len(seeds), len(same)) > 1:
        said.append("Chances hold for all comparisons together (Holm); intervals for each by itself.")
    if len(seeds) < len(others) and len(settings) > 1:
        said.append("Two seeds of each setting at least are needed to tell a setting from a lucky seed.")
    if same:
        said.append("The same test images (McNemar) tell these networks apart, not their settings.")
    st.caption(" ".join(said))


def _over_seeds(first: Group, others: Sequence[Group]) -> list[tuple[Group, Difference]]:
    """By validation accuracy: choosing looks at no other."""
    several = [group for group in others if len(group) > 1] if len(first) > 1 else []
    base = [run.validation_accuracy or 0.0 for run in first]
    found = [over_seeds([run.validation_accuracy or 0.0 for run in group], base) for group in several]
    return list(zip(several, corrected(found), strict=True))


def _paired(first: Group, others: Sequence[Group]) -> list[tuple[Group, Difference]]:
    """By stored predictions for the same test images; only where one run stands for each setting."""
    if any(len(group) > 1 for group in (first, *others)):
        return []
    base = _right(first[0])
    if base is None:
        return []
    groups, found = [], []
    for group in others:
        right = _right(group[0])
        if right is None:
            continue
        _, here, there = np.intersect1d(right[0], base[0], assume_unique=True, return_indices=True)
        if len(here):
            groups.append(group)
            found.append(paired(right[1][here], base[1][there]))
    return list(zip(groups, corrected(found), strict=True))


def _right(run: Summary) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """Numbers of test images, and where the run's last weights are right, if that is stored."""
    if not predictions.exist(run.id, "last", "test"):
        return None
    try:
        known = predictions.known(network_of(find(run.id), "last"), None)
    except CnnvizError:
        return None
    return None if known is None else (known.numbers, known.right)


def _interval(found: Difference) -> str:
    if found.low is None or found.high is None:
        return "–"
    return f"{decimal(found.low, '+.1f')} to {decimal(found.high, '+.1f')}"
