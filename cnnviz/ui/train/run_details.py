"""What stands behind a run's figures: settings, machine, accuracy by class, log, and all of it to take away."""

import csv
import io
import json
from dataclasses import asdict, fields

import streamlit as st

from cnnviz.formatting import per_cent, size
from cnnviz.runs.metrics import Metrics
from cnnviz.runs.run import Run
from cnnviz.train.events import EpochEnded


def show(run: Run, metrics: Metrics) -> None:
    """Draw it, folded away."""
    with st.expander("Settings, machine, classes and log", icon=":material/notes:"):
        if metrics.started:
            st.caption(_facts(metrics))
        if metrics.finished:
            st.dataframe(_by_class(metrics), hide_index=True, width="content", height="content")
        with st.container(horizontal=True):
            st.download_button(
                "Settings", run.config.model_dump_json(indent=1), f"{run.id}.json", "application/json",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip
            st.download_button(
                "Figures", lambda: _csv(metrics), f"{run.id}.csv", "text/csv",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip
        st.json(json.loads(run.record.model_dump_json()), expanded=1)
        st.code(run.log() or "The log is empty.", language=None)


def _facts(metrics: Metrics) -> str:
    started = metrics.started
    way = started["execution"]
    how = ", ".join(
        [way["precision"], way["memory_format"].replace("_", " ")] + ["compiled"] * way["compile"]
    )
    parts = [
        f"{started['parameters']:,} parameters",
        f"{started['train']:,} training, {started['validation']:,} validation and {started['test']:,} test images",
        f"on {started['device_name']}: {how}",
    ]
    if tried := started["probe_milliseconds"]:
        parts.append("a step took " + ", ".join(f"{value:.3g} ms in {way}" for way, value in tried.items()))
    if metrics.epochs:
        parts.append(f"memory at most {size(metrics.epochs[-1].memory)}")
    return "; ".join(parts) + "."


def _by_class(metrics: Metrics) -> list[dict[str, str]]:
    shares = zip(metrics.started["classes"], metrics.finished["test_accuracy_by_class"], strict=True)
    return [
        {"class": name, "test accuracy": "no image" if share is None else per_cent(share)}
        for name, share in shares
    ]


def _csv(metrics: Metrics) -> str:
    text = io.StringIO()
    if metrics.epochs:
        table = csv.DictWriter(text, [one.name for one in fields(EpochEnded)])
        table.writeheader()
        table.writerows(map(asdict, metrics.epochs))
    return text.getvalue()
