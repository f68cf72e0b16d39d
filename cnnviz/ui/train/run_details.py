"""What stands behind a run's figures: settings, machine, accuracy by class and log."""

import json

import streamlit as st

from cnnviz.formatting import per_cent, size
from cnnviz.runs.metrics import Metrics
from cnnviz.runs.run import Run


def show(run: Run, metrics: Metrics) -> None:
    """Draw it, folded away."""
    with st.expander("Settings, machine, classes and log", icon=":material/notes:"):
        if metrics.started:
            st.caption(_facts(metrics))
        if metrics.finished:
            st.dataframe(_by_class(metrics), hide_index=True, width="content", height="content")
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
