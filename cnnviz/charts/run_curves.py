"""Curves of several runs in one chart: a colour and a dash each, smoothed or as a band over seeds if asked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from math import inf
from statistics import mean, stdev
from typing import Any, Literal

import altair as alt
import pandas as pd

from cnnviz.charts.learning_curves import thin
from cnnviz.charts.share_format import share_format
from cnnviz.render.colour import BLUE, GREEN, ORANGE, PINK, SKY, VERMILION
from cnnviz.train.events import EpochEnded

Across = Literal["epoch", "step", "seconds"]
CURVES: Mapping[str, tuple[str, str]] = {
    "Validation accuracy": ("validation", "accuracy"),
    "Validation loss": ("validation", "loss"),
    "Training accuracy": ("train", "accuracy"),
    "Training loss": ("train", "loss"),
}
"""Split and quantity of each curve that an epoch has, by its title."""
MOST = 18
"""Lines that look different."""
_COLOURS = [BLUE, VERMILION, GREEN, PINK, ORANGE, SKY]
_DASHES = [[1, 0], [6, 3], [2, 2]]
_TITLES = {"loss": "loss (cross-entropy, nats)", "accuracy": "accuracy"}
_ACROSS: Mapping[Across, str] = {"epoch": "Epoch", "step": "Step", "seconds": "Training time, s"}
Rows = list[dict[str, Any]]


def curves(
    variants: Mapping[str, Sequence[Sequence[EpochEnded]]],
    split: str,
    quantity: str,
    *,
    across: Across = "epoch",
    smoothing: float = 0.0,
    band: bool = False,
    columns: int = 4,
    noun: str = "variant",
) -> alt.LayerChart | alt.Chart:
    """`quantity` of `split` (train or validation) against epochs: a colour and dash a variant, a line a seed.

    With `smoothing`, an exponential mean with this weight of the past, over the measured values; with `band`, the mean
    over the seeds of a variant, and one standard deviation to both sides.
    """
    names = list(variants)
    rows = [
        {
            across: getattr(line, across),
            "at": line.epoch,
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
    tooltip: list[Any] = [
        alt.Tooltip("variant:N", title=noun),
        alt.Tooltip(f"{across}:Q", title=_ACROSS[across], format=",.0f"),
        alt.Tooltip("value:Q", title=title, format=share_format(2) if style else ".4g"),
    ]
    legend = alt.Legend(
        orient="bottom",
        title=None,
        columns=columns,
        symbolType="stroke",
        symbolOpacity=1,
        labelLimit=640 // columns,
    )
    looks = [(_COLOURS[n % 6], _DASHES[(n + n // 6) % 3]) for n in range(len(names))]
    encoding: dict[str, Any] = {
        "x": alt.X(
            f"{across}:Q",
            title=_ACROSS[across],
            axis=alt.Axis(tickMinStep=1, format=",d", grid=False),
        ),
        "y": alt.Y("value:Q", title=None, axis=alt.Axis(format=style or "~g"), scale=alt.Scale(zero=False)),
        "color": alt.Color(
            "variant:N", scale=alt.Scale(domain=names, range=[colour for colour, _ in looks]), legend=legend
        ),
        "strokeDash": alt.StrokeDash(
            "variant:N", scale=alt.Scale(domain=names, range=[dash for _, dash in looks]), legend=legend
        ),
        "detail": "run:N",
    }
    strong = _smooth(rows, smoothing)
    most = 1.0 if quantity == "accuracy" else inf
    strong = _banded(strong, across, most=most) if band else strong
    few = len(strong) <= 40 * max(1, len(names)) and not smoothing
    chart: alt.Chart | alt.LayerChart = (
        _base(strong)
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=18, filled=True) if few else False)
        .encode(**encoding, tooltip=tooltip)
    )
    if smoothing:
        faint = {key: one for key, one in encoding.items() if key != "strokeDash"}
        measured = _banded(rows, across, most=most) if band else rows
        chart = _base(measured).mark_line(strokeWidth=1, opacity=0.3).encode(**faint) + chart
    if band:
        sides = [row for row in strong if row["low"] is not None]
        area = {key: one for key, one in encoding.items() if key != "strokeDash"}
        area |= {"y": alt.Y("low:Q", title=None, scale=alt.Scale(zero=False)), "y2": alt.Y2("high:Q")}
        chart = _base(sides).mark_area(opacity=0.18).encode(**area) + chart
    lines = -(-len(names) // columns)
    titled: alt.Chart | alt.LayerChart = chart.properties(
        height=300 + 20 * lines, title=alt.Title(title, anchor="start", fontSize=13)
    )
    return titled


def _base(rows: Rows) -> alt.Chart:
    return alt.Chart(pd.DataFrame(rows))


def _smooth(rows: Rows, weight: float) -> Rows:
    """Exponential means within each run, from its first value on."""
    if not weight:
        return rows
    smoothed = []
    for _, those in groupby(rows, key=lambda row: row["run"]):
        before: float | None = None
        for row in those:
            before = row["value"] if before is None else weight * before + (1 - weight) * row["value"]
            smoothed.append(row | {"value": before})
    return smoothed


def _banded(rows: Rows, across: str, *, most: float) -> Rows:
    """The mean over a variant's runs at each epoch; where there are several, a standard deviation to both sides.

    The band ends at 0 and at `most`, beyond which no run can be.
    """
    groups: dict[tuple[str, int], Rows] = defaultdict(list)
    for row in rows:
        groups[row["variant"], row["at"]].append(row)
    found = []
    for (name, at), those in sorted(groups.items()):
        values = [row["value"] for row in those]
        middle, spread = mean(values), stdev(values) if len(values) > 1 else None
        found.append(
            {
                across: mean(row[across] for row in those),
                "at": at,
                "value": middle,
                "variant": name,
                "run": name,
                "low": None if spread is None else max(0.0, middle - spread),
                "high": None if spread is None else min(most, middle + spread),
            }
        )
    return found
