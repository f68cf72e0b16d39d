"""Charts of several runs say what they should: every variant told apart, equal scales, a cell for each combination."""

from dataclasses import fields, replace

from cnnviz.charts import run_curves
from cnnviz.charts.heat_map import heat_map
from cnnviz.train.events import EpochEnded
from cnnviz.ui.experiments import charts


def lines(*values: float) -> list[EpochEnded]:
    """Epochs of which nothing but their validation accuracy matters."""
    blank = dict.fromkeys((field.name for field in fields(EpochEnded)), 0)
    return [
        EpochEnded(**blank | {"epoch": epoch, "validation_accuracy": value})
        for epoch, value in enumerate(values, start=1)
    ]


def test_no_two_variants_look_the_same_and_seeds_are_lines_of_their_own() -> None:
    variants = {f"v{number}": [lines(0.1, 0.2), lines(0.2, 0.3)] for number in range(18)}
    spec = run_curves.curves(variants, "validation", "accuracy").to_dict()
    encoding = spec["encoding"]
    looks = zip(encoding["color"]["scale"]["range"], encoding["strokeDash"]["scale"]["range"], strict=True)
    assert len({(colour, tuple(dash)) for colour, dash in looks}) == 18
    (data,) = spec["datasets"].values()
    assert len(data) == 18 * 2 * 2
    assert {row["run"] for row in data if row["variant"] == "v3"} == {"v3 0", "v3 1"}


def test_reported_and_measured_have_one_scale() -> None:
    row = {"recipe": "a", "variant": "b", "reported": 0.5, "measured": 0.9, "state": "differs", "words": ""}
    spec = charts.agreement([row]).to_dict()
    domains = {
        tuple(layer["encoding"][axis]["scale"]["domain"]) for layer in spec["layer"] for axis in ("x", "y")
    }
    assert len(domains) == 1
    ((low, high),) = domains
    assert low < 0.5
    assert high > 0.9


def test_a_grid_of_three_settings_is_a_map_for_each_value_of_the_third() -> None:
    rows = [{"A": a, "B": b, "C": c, "Test accuracy": 0.5} for a in "xy" for b in "uv" for c in "pq"]
    spec = heat_map(rows, across="A", down="B", split="C", value="Test accuracy", style=".1%").to_dict()
    assert spec["facet"]["column"]["field"] == "C"
    flat = heat_map(rows, across="A", down="B", split=None, value="Test accuracy", style=".1%").to_dict()
    assert "facet" not in flat
    assert len(flat["layer"]) == 2


def test_a_band_ends_where_the_quantity_does() -> None:
    def band(quantity: str) -> list[tuple[float, float]]:
        chart = run_curves.curves({"v": seeds}, "validation", quantity, band=True).to_dict()
        (sides,) = (rows for rows in chart["datasets"].values() if len(rows) == 2)
        return [(row["low"], row["high"]) for row in sides]

    seeds = [lines(0.1, 0.5), lines(0.95, 0.5), lines(1.0, 0.5)]
    ((low, high), narrow) = band("accuracy")
    assert 0 < low < 0.683
    assert (high, narrow) == (1, (0.5, 0.5))
    seeds = [[replace(one, validation_loss=loss) for one in lines(0.5, 0.5)] for loss in (0.01, 0.02, 4.0)]
    assert [(low, high > 3) for low, high in band("loss")] == [(0, True)] * 2
