"""The charts of experiments: each line is of the split and quantity that its title names."""

from typing import Any

import pytest

from cnnviz.charts import run_curves
from cnnviz.runs.metrics import read_line
from cnnviz.train.events import EpochEnded
from cnnviz.ui.experiments import charts

LINES = [
    line
    for epoch in (1, 2, 3)
    for line in read_line(
        EpochEnded,
        {"step": epoch, "epoch": epoch, "train_loss": 1.0 / epoch, "validation_loss": 2.0 / epoch,
         "train_accuracy": 0.1 * epoch, "validation_accuracy": 0.05 * epoch},
    )
]  # fmt: skip


def rows(chart: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = next(iter(chart.to_dict()["datasets"].values()))
    return found


@pytest.mark.parametrize(("split", "word"), [("train", "Training"), ("validation", "Validation")])
@pytest.mark.parametrize("quantity", ["loss", "accuracy"])
def test_a_curve_is_what_its_title_says(split: str, word: str, quantity: str) -> None:
    chart = run_curves.curves({"a": [LINES, LINES[:2]], "b": [LINES]}, split, quantity)
    assert [row["value"] for row in rows(chart)] == [
        getattr(line, f"{split}_{quantity}") for line in (*LINES, *LINES[:2], *LINES)
    ]
    assert [row["run"] for row in rows(chart)] == ["a 0"] * 3 + ["a 1"] * 2 + ["b 0"] * 3
    title = chart.to_dict()["title"]["text"]
    assert title.startswith(word)
    assert quantity in title


def test_reported_is_across_and_measured_is_up() -> None:
    row = {
        "recipe": "1",
        "variant": "a",
        "reported": 0.7,
        "measured": 0.8,
        "state": "undecided",
        "words": ".",
    }
    chart = charts.agreement([row]).to_dict()
    dots = chart["layer"][1]["encoding"]
    assert (dots["x"]["field"], dots["y"]["field"]) == ("reported", "measured")
    assert dots["color"]["scale"]["domain"] == ["undecided"]
    assert dots["x"]["scale"]["domain"] == dots["y"]["scale"]["domain"] == pytest.approx([0.67, 0.83])
