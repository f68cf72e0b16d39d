"""The chart of accuracy against strength, and its table: which strength stands where, with which figures."""

import csv
import io
import json
from typing import Any

import pytest

from cnnviz.artifact import StoredArtifact
from cnnviz.charts.robustness import against_strength
from cnnviz.data.perturbation import PERTURBATIONS
from cnnviz.explore.robustness.curve import CODEC, Curve, table
from cnnviz.workspace import ROOT


def falling(name: str) -> Curve:
    """A curve whose accuracy falls by 5 points with each strength that it walks."""
    strengths = PERTURBATIONS[name].strengths
    return Curve(
        perturbation=name,
        strengths=strengths,
        accuracy=tuple(0.9 - 0.05 * n for n in range(len(strengths))),
        error=tuple(0.01 + 0.001 * n for n in range(len(strengths))),
        true_probability=tuple(0.8 - 0.05 * n for n in range(len(strengths))),
        count=500, classes=10, data="cifar10", epoch=20, seed=3,
    )  # fmt: skip


def drawn(curve: Curve, *, at: float | None = None) -> dict[str, Any]:
    specification: dict[str, Any] = against_strength(curve, at=at).to_dict()
    return specification


def axis(specification: dict[str, Any]) -> dict[str, Any]:
    """The scale of the strengths; it is that of all layers that have one."""
    scales = [
        layer["encoding"]["x"]["scale"]
        for layer in specification["layer"]
        if "x" in layer.get("encoding", {})
    ]
    assert all(one == scales[0] for one in scales)
    found: dict[str, Any] = scales[0]
    return found


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_the_picture_as_it_is_stands_at_the_left_where_it_is_an_end(name: str) -> None:
    curve, one = falling(name), PERTURBATIONS[name]
    neutral = one.settings[one.strength].neutral
    scale = axis(drawn(curve))
    low, high = scale["domain"]
    assert (low, high) == (min(curve.strengths), max(curve.strengths))
    left = high if scale["reverse"] else low
    if neutral in (low, high):
        assert left == neutral
    else:
        assert left == low  # both ways from the middle: rising to the right


def test_only_quality_of_jpeg_falls_to_the_right() -> None:
    assert [name for name in PERTURBATIONS if axis(drawn(falling(name)))["reverse"]] == ["jpeg"]


def test_each_strength_has_its_own_figures() -> None:
    curve = falling("noise")
    rows = [row for data in drawn(curve)["datasets"].values() for row in data if "series" in row]
    accuracy = [row for row in rows if row["series"] == "accuracy"]
    assert [row["strength"] for row in accuracy] == list(curve.strengths)
    assert [row["value"] for row in accuracy] == list(curve.accuracy)
    assert [round(row["high"] - row["low"], 9) for row in accuracy] == [
        round(2 * one, 9) for one in curve.error
    ]
    assert accuracy[1]["words"] == "85.0 % ± 1.1"
    assert [row["value"] for row in rows if row["series"] != "accuracy"] == list(curve.true_probability)
    (guess,) = [row for data in drawn(curve)["datasets"].values() for row in data if row.keys() == {"value"}]
    assert guess["value"] == 0.1


def test_the_table_has_the_same() -> None:
    curve = falling("jpeg")
    rows = list(csv.DictReader(io.StringIO(table([curve]))))
    assert [float(row["strength"]) for row in rows] == list(curve.strengths)
    for name, values in (
        ("accuracy", curve.accuracy),
        ("standard_error", curve.error),
        ("true_class_probability", curve.true_probability),
    ):
        assert [float(row[name]) for row in rows] == list(values)
    assert {(row["perturbation"], row["images"], row["data"], row["epoch"], row["seed"]) for row in rows} == {
        ("jpeg", "500", "cifar10", "20", "3")
    }


@pytest.mark.parametrize(
    ("name", "published"),
    [("noise", (0.934, 0.098)), ("rotation", (0.934, 0.244)), ("jpeg", (0.934, 0.212))],
)
def test_the_shipped_curves_begin_with_the_pictures_as_they_are(
    name: str, published: tuple[float, float]
) -> None:
    path = ROOT / "checkpoints" / "cifar10-resnet18" / "index" / f"robustness-last-{name}-500.json"
    curve = StoredArtifact(path, json.loads(path.read_text())["of"], CODEC).load()
    assert curve is not None
    assert curve.strengths == PERTURBATIONS[name].strengths
    assert (curve.neutral, min(curve.accuracy)) == published
