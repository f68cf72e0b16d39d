"""The learning-rate finder and the schedule's curve, beside the form that starts a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd
import streamlit as st

from cnnviz.config import RunConfig
from cnnviz.render.colour import BLUE, GREY, VERMILION
from cnnviz.ui.resources import datasets
from cnnviz.ui.widgets import long_work, run_template

if TYPE_CHECKING:
    from cnnviz.train.range_test import RangeTest

_FOUND = "range test"
_POINTS = 200


def show(config: RunConfig) -> None:
    """Draw the schedule as it will be, and the button that looks for a rate."""
    st.altair_chart(schedule(config), alt="Learning rate by epoch")
    held = st.session_state.get(_FOUND)
    if held is None or held[0] != _about(config):
        st.caption("Not sure of the rate? The range test trains for up to 100 steps at ever higher ones.")
        if not st.button("Find a learning rate", icon=":material/trending_up:", key="find rate"):
            return
        from cnnviz.train.range_test import range_test

        found = long_work.run(range_test(config, datasets.dataset(config.data.name)), name="the range test")
        if found is None:
            return
        held = st.session_state[_FOUND] = (_about(config), found)
    found = held[1]
    st.altair_chart(curve(found), alt="Loss against learning rate")
    st.caption(found.reason)
    if found.suggested is not None and st.button(f"Use {found.suggested:g}", type="primary", key="use rate"):
        optimiser = config.optimiser.model_copy(update={"learning_rate": found.suggested})
        run_template.fill(config.model_copy(update={"optimiser": optimiser}))
        st.rerun()


def schedule(config: RunConfig) -> alt.Chart:
    """The learning rate of each step against epochs."""
    from cnnviz.train.schedules import rates

    train, _ = datasets.split_sizes(config.data)
    steps = max(1, -(-train // config.batch_size))
    total = steps * config.epochs
    rows = [
        {
            "epoch": step / steps,
            "rate": rates(
                config.schedule, peak=config.optimiser.learning_rate, step=step, steps_per_epoch=steps,
                epochs=config.epochs,
            ).learning_rate,
        }
        for step in sorted({round(number * (total - 1) / _POINTS) for number in range(_POINTS + 1)})
    ]  # fmt: skip
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_line(color=BLUE)
        .encode(x=alt.X("epoch:Q", title="Epoch"), y=alt.Y("rate:Q", title=None))
        .properties(height=140, title=alt.Title("Learning rate", anchor="start", fontSize=13))
    )
    return chart


def curve(found: RangeTest) -> alt.LayerChart | alt.FacetChart:
    """Loss against learning rate: batches, their mean, and the rate that is suggested."""
    frame = pd.DataFrame({"rate": found.rates, "batch": found.losses, "mean": found.means})
    most = 1.5 * max(found.means[0], min(found.means))
    base = alt.Chart(frame).encode(x=alt.X("rate:Q", title="Learning rate", scale=alt.Scale(type="log")))
    scale = alt.Scale(domain=[0.9 * min(found.losses), most], clamp=True, zero=False)
    layers = [
        base.mark_line(color=GREY, strokeWidth=1, opacity=0.6).encode(
            y=alt.Y("batch:Q", title=None, scale=scale)
        ),
        base.mark_line(color=BLUE, strokeWidth=2).encode(y=alt.Y("mean:Q", title=None, scale=scale)),
    ]
    if found.suggested is not None:
        rule = alt.Chart(pd.DataFrame({"rate": [found.suggested]}))
        layers.append(rule.mark_rule(color=VERMILION, strokeDash=[4, 2]).encode(x="rate:Q"))
    title = alt.Title("Loss (cross-entropy, nats): batches and their mean", anchor="start", fontSize=13)
    return alt.layer(*layers).properties(height=200, title=title)


def _about(config: RunConfig) -> RunConfig:
    """All that the test depends on: not the rate itself, nor how long and to what end is trained."""
    optimiser = config.optimiser.model_copy(update={"learning_rate": 1.0})
    return config.model_copy(
        update={"optimiser": optimiser, "epochs": 1, "title": "", "early_stopping": None}
    )
