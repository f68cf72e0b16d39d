"""The variants of a study in a table, and the runs of one of them."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from cnnviz import workspace
from cnnviz.diagnosis.noise import CHOOSING
from cnnviz.formatting import decimal, duration, per_cent, quoted
from cnnviz.runs.run import Run
from cnnviz.studies.progress import Progress, Trial
from cnnviz.studies.results import Mean, Row, beside_first
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RUN, RUNS


def table(found: Sequence[Row], now: Progress) -> None:
    """A line a variant: validation, how it differs from the first one, and the test."""
    share = now.study.objective == "validation_accuracy"
    titles = now.study.titles
    told = beside_first(found, now)
    verdicts = ["–", *(one.words if one else "–" for one in told)]
    frame = pd.DataFrame(
        [
            (
                {"Variant": row.variant.label}
                if row.variant.label
                else {name: row.variant.value(key) for key, name in titles.items()}
            )
            | {
                "Seeds": f"{row.finished} of {len(row.trials)}",
                "Validation": _figure(row.validation, share=share),
            }
            | ({"Against the first": verdict} if any(told) else {})
            | {
                "Test": _figure(row.test),
                "Training": "–" if row.seconds is None else duration(row.seconds.value),
                "State": _states(row.trials),
            }
            for row, verdict in zip(found, verdicts, strict=False)
        ]
    )
    st.dataframe(frame, hide_index=True, key="study table")
    said = ["Means ± standard error over seeds; validation is that of each run's best epoch."]
    if sum(one is not None for one in told) > 1:
        said.append("Differences from the first hold for all variants together (Holm).")
    if sum(row.test is not None for row in found) > 1:
        said.append(CHOOSING)
    st.caption(" ".join(said))


def runs(found: Sequence[Row], chosen: Row, now: Progress) -> None:
    """A link to each run of a variant, and one to all of them beside each other."""
    at = list(found).index(chosen)
    number = st.selectbox(
        "Runs of",
        range(len(found)),
        index=at,
        format_func=lambda one: now.study.words(found[one].variant),
        key=f"study variant {at}",
    )
    row = found[number]
    with st.container(gap=None):
        for one in row.trials:
            _run(one)
    first = row if now.study.vary.kind == "search" else found[0]
    beside = [
        one.run.id
        for each in ([row] if row is first else [first, row])
        for one in each.trials
        if one.run and _is_here(one.run)
    ]
    if len(beside) > 1:
        st.page_link(
            "pages/runs.py",
            label="Beside each other" if row is first else "Beside the first variant",
            icon=":material/compare_arrows:",
            query_params=selection.link({RUNS: beside}),
        )


def _run(trial: Trial) -> None:
    seed = f"seed {trial.task.config.seed}"
    if trial.run is None or trial.status is None:
        st.caption(f"{seed}: not begun")
        return
    outcome = trial.outcome
    said = f"test {per_cent(outcome.figures['test_accuracy'])}" if outcome else trial.status.state
    if not _is_here(trial.run):
        st.caption(f"{seed}: {said}; its figures came with cnnviz, its weights did not")
        return
    st.page_link(
        "pages/train.py",
        label=f"{seed}: {said}",
        icon=":material/show_chart:",
        query_params=selection.link({RUN: trial.run.id}),
    )
    if trial.status.state in ("failed", "interrupted"):
        st.caption(quoted(trial.status.reason, most=300))


def _is_here(run: Run) -> bool:
    return run.folder.parent == workspace.checkpoints_root()


def _states(trials: Sequence[Trial]) -> str:
    """running 40 %, queued."""
    parts = []
    for one in trials:
        if one.status is None:
            parts.append("missing")
        elif one.status.state == "running":
            parts.append(f"running {per_cent(one.status.share, digits=0)}")
        elif one.pruned:
            parts.append(f"pruned after epoch {one.status.epoch}")
        elif one.status.state != "finished":
            parts.append(one.status.state)
    return ", ".join(parts) or "finished"


def _figure(mean: Mean | None, *, share: bool = True) -> str:
    if mean is None:
        return "–"
    if share:
        return per_cent(mean.value, mean.standard_error)
    return decimal(mean.value, ".4f")
