from dataclasses import replace

import pytest

from cnnviz.explore.statistics.measures import MEASURES, in_words
from cnnviz.explore.statistics.profile import LayerStatistics


def rows(key: str, *values: float | None, error: float | None = None) -> list[LayerStatistics]:
    plain = LayerStatistics(
        layer="", kind="ReLU", output_shape=(4, 8, 8), main=True, channels=4, zeros=0.0, zeros_error=error,
        dead=0.0, spread=None, spread_error=error, selectivity=None, selectivity_by_chance=None, probe=None,
        probe_error=error, effective_field=None, field=None,
    )  # fmt: skip
    return [
        replace(plain, layer="out" if n + 1 == len(values) else f"act{n + 1}", **{key: value})  # type: ignore[arg-type]
        for n, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("key", "values", "error", "said"),
    [
        ("zeros", (0.41, 0.5, 0.62, 0.0), None, "Rises from 41 % in act1 to 62 % in act3."),
        ("zeros", (0.41, 0.9, 0.62, 0.0), None, "Rises from 41 % in act1 to 62 % in act3; highest in act2, 90 %."),
        ("spread", (0.8, 0.1, 0.5, None), None, "Falls from 80 % in act1 to 50 % in act3; lowest in act2, 10 %."),
        ("probe", (0.30, 0.33, 0.9), 0.02, "30 % in act1 and 33 % in act2: no clear change."),
        ("probe", (0.30, 0.33, 0.9), 0.01, "Rises from 30 % in act1 to 33 % in act2."),
        ("dead", (0.0, 0.0, 0.0), None, "None in any hidden layer."),
        ("dead", (0.0, 0.02, 0.0, 0.0), None, "0 % in act1 and 0 % in act3: no clear change; highest in act2, 2 %."),
        ("dead", (0.0, 0.006, 0.0), None, "Rises from 0 % in act1 to 0.6 % in act2."),
        ("effective_field", (3, 29, 30), None, "Rises from 3 px in act1 to 29 px in act2."),
        ("spread", (0.5, None, None), None, ""),
    ],
)  # fmt: skip
def test_a_curve_in_one_sentence(
    key: str, values: tuple[float | None, ...], error: float | None, said: str
) -> None:
    assert in_words(MEASURES[key], rows(key, *values, error=error)) == said


def test_logits_are_no_part_of_what_only_hidden_layers_have() -> None:
    listed = rows("probe", 0.3, 0.4, 0.5)
    assert [one.layer for one in MEASURES["zeros"].shown(listed)] == ["act1", "act2"]
    assert [one.layer for one in MEASURES["probe"].shown(listed)] == ["act1", "act2", "out"]
    assert MEASURES["probe"].exactly(0.932, 0.011) == "93.2 % ± 1.1"
    assert MEASURES["effective_field"].exactly(29, None) == "29 px"
