"""The selected runs beside each other: settings that differ first, then curves, then what accuracy costs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd
import streamlit as st

from cnnviz import workspace
from cnnviz.charts.run_curves import CURVES, MOST, curves
from cnnviz.config.comparison import differing
from cnnviz.config.words import setting_titles, setting_value
from cnnviz.formatting import accuracy, duration, per_cent, quoted
from cnnviz.runs import metrics
from cnnviz.runs.labels import labels, of_group
from cnnviz.runs.summary import Summary
from cnnviz.train.events import EpochEnded
from cnnviz.ui.runs import cost, noise
from cnnviz.ui.runs.parameters import ACROSS, SHOWN, SMOOTHING
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RUN

_ACROSS: Mapping[str, str] = {"epoch": "Epoch", "step": "Step", "seconds": "Time"}
_WEIGHTS = ("0", "0.5", "0.8", "0.9", "0.95", "0.98")
_LINKS = 6
_ACROSS_MOST = 6
"""Settings that stand beside each other; more of them go below each other, and runs beside each other."""


def show(runs: Sequence[Summary]) -> None:
    """Draw the runs; of one alone there is nothing that differs."""
    names = labels(runs)
    if len(runs) > 1:
        _differences(runs, names)
    with st.container(horizontal=True):
        for run in runs[:_LINKS]:
            st.page_link(
                "pages/train.py", label=names[run.id], icon=":material/show_chart:", width="content",
                query_params=selection.link({RUN: run.id}),
            )  # fmt: skip
        if len(runs) > _LINKS:
            st.caption(f"and {len(runs) - _LINKS:,} more", width="content")
    _curves(runs, names)
    cost.show(runs, names)
    noise.show(runs, names)


def _differences(runs: Sequence[Summary], names: Mapping[str, str]) -> None:
    st.header("What differs", anchor=False)
    keys = differing({run.id: run.settings for run in runs})
    titles = setting_titles(keys)
    rows = [
        {"Run": _in_a_line(quoted(names[run.id]))}
        | {titles[key]: quoted(setting_value(key, run.settings.get(key))) for key in keys}
        | {
            "Validation": _in_a_line(accuracy(run.validation_accuracy, run.validation_count)),
            "Test": _in_a_line(accuracy(run.test_accuracy, run.test_count)),
            "Training": _in_a_line(duration(run.seconds)) if run.seconds else "–",
        }
        for run in runs
    ]
    table = pd.DataFrame(rows).set_index("Run")
    with st.container(key="differences"):
        st.table(table.T if len(keys) > _ACROSS_MOST and len(runs) <= len(keys) else table)
    st.caption(" ".join(_remarks(runs, keys)))


def _in_a_line(text: str) -> str:
    """`text` in a cell that is not broken, where it is short: on a phone the table is moved sideways."""
    return text.replace(" ", "\u00a0") if len(text) <= 24 else text


def _remarks(runs: Sequence[Summary], keys: Sequence[str]) -> list[str]:
    """What the table does not say by itself, a sentence each."""
    found = []
    if not keys:
        found.append("All their settings are the same.")
    elif keys == ["seed"]:
        found.append("They differ in their seed alone.")
    if "data.name" in keys:
        found.append("They are of different data sets: their accuracies don't compare.")
    elif any(key.startswith("data.") for key in keys):
        found.append("They learned from, or are validated on, different images.")
    found.append(
        "Accuracies are ± one standard error of the images. Choose by validation; the test has the last word."
    )
    return found


def _curves(runs: Sequence[Summary], names: Mapping[str, str]) -> None:
    lines = {run.id: found for run in runs if (found := _epochs(run))}
    st.header("Curves", anchor=False)
    if not lines:
        st.caption("No epoch is over yet." if any(run.active for run in runs) else "There are no curves.")
        return
    groups = defaultdict(list)
    for run in runs:
        if run.id in lines:
            groups[run.experiment].append(run)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = selection.segmented(SHOWN, list(CURVES), default="Validation accuracy", explicit=False)
        across = selection.segmented(
            ACROSS,
            list(_ACROSS),
            default="epoch",
            words=lambda one: _ACROSS[one],
            explicit=False,
        )
        with st.container(width=220):
            weight = selection.slider(
                SMOOTHING, _WEIGHTS, default="0", words=lambda one: one if float(one) else "none"
            )
        several = any(len(group) > 1 for group in groups.values())
        band = several and st.toggle("Mean over seeds", key="runs band")
    if band:
        series = {of_group(group, names): [lines[run.id] for run in group] for group in groups.values()}
    else:
        series = {names[name]: [found] for name, found in lines.items()}
    split, quantity = CURVES[shown]
    chart = curves(
        dict(list(series.items())[:MOST]), split, quantity,
        across=across, smoothing=float(weight), band=band, columns=2, noun="run",  # type: ignore[arg-type]
    )  # fmt: skip
    st.altair_chart(chart, key="runs curves", alt=f"{shown} of {', '.join(series)}")
    said = []
    if len(series) > MOST:
        said.append(f"The first {MOST} of {len(series):,} are drawn.")
    if float(weight):
        share = float(weight)
        said.append(
            f"Smoothed exponentially: each point is {per_cent(share, digits=0)} of the one before it and "
            f"{per_cent(1 - share, digits=0)} of what was measured, which is drawn faint."
        )
    if band:
        said.append("The band is one standard deviation over the seeds to both sides of their mean.")
    if len(lines) < len(runs):
        said.append(f"{len(runs) - len(lines)} without a whole epoch.")
    if said:
        st.caption(" ".join(said))


def _epochs(run: Summary) -> tuple[EpochEnded, ...]:
    path = workspace.run_folder(run.id) / "metrics.jsonl"
    try:
        found = path.stat()
    except OSError:
        return ()
    return _read(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=256)
def _read(path: Path, changed: int, size: int) -> tuple[EpochEnded, ...]:
    return tuple(metrics.read(path.parent).epochs)
