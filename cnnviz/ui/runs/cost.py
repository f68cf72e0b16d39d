"""What accuracy costs: accuracy against training time, and which runs no other beats in both."""

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd
import streamlit as st

from cnnviz.charts.share_format import share_format
from cnnviz.formatting import accuracy, duration, energy, size, standard_error
from cnnviz.render.colour import GREY, VERMILION
from cnnviz.runs.summary import Summary

_LOG_FROM = 20
"""Times as long as the shortest: from there on time is drawn in powers of ten."""
_UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))


def show(runs: Sequence[Summary], names: Mapping[str, str]) -> None:
    """Draw the chart, if there are two runs with figures at least."""
    there = [run for run in runs if run.validation_accuracy is not None and run.seconds > 0]
    if len(there) < 2:
        return
    front = {run.id for run in pareto(there)}
    st.header("Cost", anchor=False)
    st.altair_chart(_chart(there, front, names), key="runs cost", alt="Validation accuracy by training time")
    listed = ", ".join(names[run.id] for run in there if run.id in front)
    st.caption(
        f"On the front, where no other run is both faster and more accurate: {listed}. "
        "Accuracy is of validation, ± one standard error; time depends on the machine."
    )


def pareto(runs: Sequence[Summary]) -> list[Summary]:
    """Runs that no other beats in validation accuracy and training time, fastest first."""
    front: list[Summary] = []
    for run in sorted(runs, key=lambda one: (one.seconds, -(one.validation_accuracy or 0))):
        if not front or (run.validation_accuracy or 0) > (front[-1].validation_accuracy or 0):
            front.append(run)
    return front


def _chart(runs: Sequence[Summary], front: set[str], names: Mapping[str, str]) -> alt.LayerChart:
    rows = []
    for run in runs:
        value = run.validation_accuracy or 0.0
        error = standard_error(value, run.validation_count)
        rows.append(
            {
                "run": names[run.id],
                "accuracy": value,
                "low": value - error,
                "high": value + error,
                "front": "on the front" if run.id in front else "beaten",
                "time": duration(run.seconds),
                "said": accuracy(value, run.validation_count),
                "speed": "–" if run.images_per_second is None else f"{run.images_per_second:,.0f} images/s",
                "energy": "–" if run.energy is None else energy(run.energy),
                "memory": "–" if run.memory is None else size(run.memory),
            }
        )
    times = [run.seconds for run in runs]
    unit, length = next(one for one in _UNITS if max(times) >= 2 * one[1] or one[1] == 1)
    frame = pd.DataFrame(rows).assign(length=[one / length for one in times])
    base = alt.Chart(frame).encode(
        x=alt.X(
            "length:Q",
            title=f"Training time, {unit}",
            scale=alt.Scale(
                type="log" if max(times) > _LOG_FROM * min(times) else "linear", zero=False, padding=24
            ),
            axis=alt.Axis(grid=False, format="~g"),
        )
    )
    shown = ["on the front", "beaten"]
    points = base.mark_point(size=80, filled=True).encode(
        y=alt.Y(
            "accuracy:Q",
            title=None,
            scale=alt.Scale(zero=False, padding=12),
            axis=alt.Axis(format=share_format()),
        ),
        color=alt.Color(
            "front:N",
            scale=alt.Scale(domain=shown, range=[VERMILION, GREY]),
            legend=alt.Legend(orient="top", title=None),
        ),
        shape=alt.Shape("front:N", scale=alt.Scale(domain=shown, range=["diamond", "circle"])),
        tooltip=[
            alt.Tooltip("run:N"),
            alt.Tooltip("said:N", title="validation"),
            alt.Tooltip("time:N"),
            alt.Tooltip("speed:N"),
            alt.Tooltip("memory:N"),
            *([alt.Tooltip("energy:N")] if any(run.energy for run in runs) else []),
        ],
    )
    errors = base.mark_rule(color=GREY, opacity=0.6).encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    line = (
        base.transform_filter(alt.datum.front == shown[0])
        .mark_line(color=VERMILION, interpolate="step-after", strokeDash=[4, 3], strokeWidth=1)
        .encode(y=alt.Y("accuracy:Q", title=None))
    )
    title = alt.Title("Validation accuracy", anchor="start", fontSize=13)
    whole: alt.LayerChart = (errors + line + points).properties(height=300, title=title)
    return whole
