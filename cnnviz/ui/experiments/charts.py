"""Charts of several runs: curves of variants, grids, reported against measured."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from cnnviz.render.colour import BLACK, BLUE, GREEN, GREY, ORANGE, PINK, SKY, VERMILION, WHITE
from cnnviz.train.events import EpochEnded
from cnnviz.ui.widgets.charts import thin
from cnnviz.ui.widgets.share_format import share_format

_COLOURS = [BLUE, VERMILION, GREEN, PINK, ORANGE, SKY]
_DASHES = [[1, 0], [6, 3], [2, 2]]
_STATES = {
    "reproduced": GREEN,
    "undecided": BLUE,
    "differs": VERMILION,
    "not comparable": GREY,
}
_TITLES = {"loss": "loss (cross-entropy, nats)", "accuracy": "accuracy"}


def curves(
    variants: Mapping[str, Sequence[Sequence[EpochEnded]]], split: str, quantity: str
) -> alt.LayerChart | alt.Chart:
    """`quantity` of `split` (train or validation) against epochs: a colour and dash a variant, a line a seed."""
    names = list(variants)
    rows = [
        {
            "epoch": line.epoch,
            "value": getattr(line, f"{split}_{quantity}"),
            "variant": name,
            "run": f"{name} {number}",
        }
        for name, runs in variants.items()
        for number, lines in enumerate(runs)
        for line in thin(lines)
    ]
    style = share_format() if quantity == "accuracy" else ""
    title = f"{'Training' if split == 'train' else 'Validation'} {_TITLES[quantity]}"
    legend = alt.Legend(orient="bottom", title=None, columns=4, symbolType="stroke", labelLimit=160)
    few = len(rows) <= 40 * max(1, len(names))
    chart: alt.Chart = (
        alt.Chart(pd.DataFrame(rows, columns=["epoch", "value", "variant", "run"]))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=18, filled=True) if few else False)
        .encode(
            x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d", grid=False)),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=style), scale=alt.Scale(zero=False)),
            color=alt.Color(
                "variant:N", scale=alt.Scale(domain=names, range=_cycled(_COLOURS, len(names))), legend=legend
            ),
            strokeDash=alt.StrokeDash(
                "variant:N", scale=alt.Scale(domain=names, range=_dashes(len(names))), legend=legend
            ),
            detail="run:N",
            tooltip=[
                "variant:N",
                "epoch:Q",
                alt.Tooltip("value:Q", title=title, format=share_format(2) if style else ".4g"),
            ],
        )
        .properties(
            height=300 + 20 * -(-len(names) // 4), title=alt.Title(title, anchor="start", fontSize=13)
        )
    )
    return chart


def agreement(rows: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """Measured against reported accuracies, a dot a variant; on the line both are equal.

    Each row has recipe, variant, reported, measured (shares) and state.
    """
    frame = pd.DataFrame(rows, columns=["recipe", "variant", "reported", "measured", "state", "words"])
    values = [value for row in rows for value in (row["reported"], row["measured"])]
    low, high = (max(0.0, min(values) - 0.03), min(1.0, max(values) + 0.03)) if values else (0.0, 1.0)
    scale = alt.Scale(domain=[low, high], nice=False)
    there = [name for name in _STATES if name in set(frame["state"])]
    legend = alt.Legend(orient="top", title=None, columns=2)  # a phone has no room for more
    dots = (
        alt.Chart(frame)
        .mark_point(size=90, filled=True, opacity=0.85)
        .encode(
            x=alt.X(
                "reported:Q", scale=scale, title="Reported accuracy", axis=alt.Axis(format=share_format())
            ),
            y=alt.Y("measured:Q", scale=scale, title="Measured here", axis=alt.Axis(format=share_format())),
            color=alt.Color(
                "state:N",
                scale=alt.Scale(domain=there, range=[_STATES[name] for name in there]),
                legend=legend,
            ),
            shape=alt.Shape("state:N", scale=alt.Scale(domain=there), legend=legend),
            tooltip=[
                "recipe:N",
                "variant:N",
                alt.Tooltip("reported:Q", format=share_format(1)),
                alt.Tooltip("measured:Q", format=share_format(1)),
                alt.Tooltip("words:N", title="verdict"),
            ],
        )
    )
    line = (
        alt.Chart(pd.DataFrame({"reported": [low, high], "measured": [low, high]}))
        .mark_line(strokeDash=[4, 4], color=GREY, strokeWidth=1)
        .encode(x=alt.X("reported:Q", scale=scale), y=alt.Y("measured:Q", scale=scale))
    )
    both: alt.LayerChart = (line + dots).properties(height=380)
    return both


def heat_map(
    rows: Sequence[Mapping[str, Any]], *, across: str, down: str, split: str | None, value: str, style: str
) -> Any:
    """A cell for each combination of two settings, a map for each value of a third (`split`) where there is one."""
    frame = pd.DataFrame(rows)
    base = alt.Chart(frame).encode(
        x=alt.X(f"{across}:N", sort=None, title=across, axis=alt.Axis(labelAngle=0)),
        y=alt.Y(f"{down}:N", sort=None, title=down),
    )
    cells = base.mark_rect().encode(
        color=alt.Color(
            f"{value}:Q",
            scale=alt.Scale(scheme="viridis", zero=False),
            legend=None,  # each cell has its number
        ),
        tooltip=[*frame.columns],
    )
    middle = (frame[value].min() + frame[value].max()) / 2
    text = base.mark_text(fontSize=13).encode(
        text=alt.Text(f"{value}:Q", format=style),
        color=alt.condition(alt.datum[value] > middle, alt.value(BLACK), alt.value(WHITE)),
    )
    chart = (cells + text).properties(width=alt.Step(84), height=alt.Step(48))
    titled = alt.Title(value, anchor="start", fontSize=13)
    if split is None:
        return chart.properties(title=titled)
    return chart.facet(column=alt.Column(f"{split}:N", sort=None, title=split)).properties(title=titled)


def _cycled(values: Sequence[Any], count: int) -> list[Any]:
    return [values[number % len(values)] for number in range(count)]


def _dashes(count: int) -> list[list[int]]:
    return [_DASHES[number // len(_COLOURS) % len(_DASHES)] for number in range(count)]
