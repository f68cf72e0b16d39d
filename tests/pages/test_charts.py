"""The charts show the figures of the run, and no more points than help."""

from dataclasses import replace
from pathlib import Path

import pytest

from cnnviz.charts import learning_curves
from cnnviz.runs.metrics import Metrics, read_line
from cnnviz.train.events import EpochEnded, StepLogged


def metrics(steps: int, epochs: int = 3) -> Metrics:
    found = Metrics(Path("nowhere"))
    found.steps = [
        StepLogged(step=n, epoch=n / 10, loss=2 / n, accuracy=0.5, learning_rate=0.1, gradient_norm=1.0)
        for n in range(1, steps + 1)
    ]
    for n in range(1, epochs + 1):
        found.epochs += read_line(
            EpochEnded,
            {"step": n, "epoch": n, "train_loss": 1 / n, "validation_loss": 2 / n, "train_accuracy": 0.6,
             "validation_accuracy": 0.5, "images_per_second": 100.0},
        )  # fmt: skip
    return found


def rows(chart: object) -> list[dict[str, object]]:
    return next(iter(chart.to_dict()["datasets"].values()))  # type: ignore[attr-defined]


def test_the_learning_curve_holds_batches_training_and_validation() -> None:
    shown = rows(learning_curves.learning_curve(metrics(5), "loss"))
    by_series = {
        name: [row["value"] for row in shown if row["series"] == name]
        for name in ("training batch", "training", "validation")
    }
    assert by_series["training batch"] == [2.0, 1.0, pytest.approx(2 / 3), 0.5, 0.4]
    assert by_series["training"] == [1.0, 0.5, pytest.approx(1 / 3)]
    assert by_series["validation"] == [2.0, 1.0, pytest.approx(2 / 3)]


def test_a_log_scale_leaves_out_what_it_cannot_show() -> None:
    found = metrics(3)
    found.steps[1] = replace(found.steps[1], loss=0.0)
    chart = learning_curves.learning_curve(found, "loss", log=True)
    assert all(row["value"] > 0 for row in rows(chart))  # type: ignore[operator]
    assert chart.to_dict()["layer"][0]["encoding"]["y"]["scale"]["type"] == "log"


def test_a_single_point_stands_in_the_middle_of_an_axis_from_0_to_1_epochs() -> None:
    encoding = learning_curves.speed_curve(metrics(2, epochs=1)).to_dict()["encoding"]
    assert encoding["x"]["scale"]["domain"] == [0, 1]
    assert encoding["y"]["scale"]["domain"] == [50, 150]
    log = learning_curves.rate_curve(metrics(1), "learning_rate", "Learning rate", log=True).to_dict()[
        "encoding"
    ]
    assert log["y"]["scale"]["domain"] == [pytest.approx(0.05), pytest.approx(0.15)]
    assert (
        "domain" not in learning_curves.speed_curve(metrics(2, epochs=0)).to_dict()["encoding"]["y"]["scale"]
    )


@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 12_345])
def test_thinning_keeps_the_ends_and_at_most_about_a_thousand(count: int) -> None:
    lines = metrics(count).steps
    kept = learning_curves.thin(lines)
    assert len(kept) <= learning_curves.MOST_POINTS + 1
    assert kept[0] is lines[0]
    assert kept[-1] is lines[-1]
