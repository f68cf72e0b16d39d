"""What a study may be, and which runs it is made of."""

import time
from typing import Any

import pytest
from pydantic import ValidationError

from cnnviz.config import Mlp, RunConfig
from cnnviz.errors import ConfigError
from cnnviz.studies.definition import Grid, Listing, Study, confirm, tasks
from cnnviz.studies.variant import Variant, values

BASE = RunConfig(network=Mlp(hidden=(16,)), epochs=3, seed=7)


def study(**changes: Any) -> Study:
    given: dict[str, Any] = {
        "title": "dropout",
        "base": BASE,
        "vary": Grid(settings={"network.dropout": (0, 0.2)}),
    }
    return Study(**given | changes)


def test_a_grid_is_every_combination_the_first_seed_first() -> None:
    grid = Grid(settings={"network.dropout": (0, 0.2), "optimiser.learning_rate": (0.1, 0.01, 0.001)})
    found = tasks(study(vary=grid, seeds=2))
    assert len(found) == study(vary=grid, seeds=2).count == 12
    assert [one.config.seed for one in found] == [7] * 6 + [8] * 6
    assert found[1].variant.name == "network.dropout=0, optimiser.learning_rate=0.01"
    pairs = [(one.config.network.dropout, one.config.optimiser.learning_rate) for one in found[:6]]  # type: ignore[union-attr]
    assert pairs == [(dropout, rate) for dropout in (0, 0.2) for rate in (0.1, 0.01, 0.001)]
    assert found[0].config.title == "dropout: Dropout 0, Learning rate 0.1"


def test_a_list_has_what_it_says() -> None:
    listing = Listing(settings=({}, {"network.name": "cnn"}, {"optimiser.name": "adam", "epochs": 2}))
    found = tasks(study(vary=listing))
    assert [one.variant.name for one in found] == [
        "base",
        "network.name=cnn",
        "optimiser.name=adam, epochs=2",
    ]
    words = [study(vary=listing).words(one.variant) for one in found]
    assert words == ["Nothing changed", "Network CNN", "Optimiser Adam, Epochs 2"]
    assert [one.config.network.name for one in found] == ["mlp", "cnn", "mlp"]
    assert found[2].config.optimiser.name == "adam"
    assert found[2].config.epochs == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"network.dropuot": (0,)}, r"network.dropuot=0: .*network.dropuot is not a setting"),
        ({"network.dropout": (0.1, 2)}, r"^network.dropout=2: .*network.dropout: input should be less than 1"),
        ({"nothing.at.all": (1,)}, r"^nothing.at.all=1: No setting"),
        ({"epochs": ("many",)}, r"^epochs=many: .*epochs"),
        ({"network.dropout": (0, 0.0)}, r"network.dropout=0 and network.dropout=0.0 are the same"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_named_before_anything_starts(settings: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        tasks(study(vary=Grid(settings=settings)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"vary": {"kind": "grid", "settings": {}}},
        {"vary": {"kind": "grid", "settings": {"epochs": []}}},
        {"vary": {"kind": "grid", "settings": {"seed": [1, 2]}}},
        {"vary": {"kind": "all"}},
        {"seeds": 0},
        {"title": ""},
        {"objective": "test_accuracy"},
        {"format": 2},
        {"unheard": 1},
    ],
)
def test_what_is_no_study(changes: Any) -> None:
    with pytest.raises(ValidationError):
        study(**changes)


def test_large_studies_are_counted_not_made() -> None:
    numbers = tuple(range(1, 101))
    start = time.process_time()
    large = study(vary=Grid(settings={"epochs": numbers, "batch_size": numbers}), seeds=10)
    with pytest.raises(ConfigError, match=r"100,000 runs \(10,000 variants × 10 seeds\): confirm the size"):
        confirm(large, confirmed=False)
    confirm(large, confirmed=True)
    with pytest.raises(ValidationError, match="1,000,000,000 runs are more"):
        study(
            vary=Grid(settings={"epochs": numbers, "batch_size": numbers, "label_smoothing": numbers}),
            seeds=1000,
        )
    assert time.process_time() - start < 1
    confirm(study(seeds=250), confirmed=False)


def test_variants_are_in_words_that_tell_their_settings_apart() -> None:
    """Also from a setting of another variant."""
    found = study(vary=Listing(settings=({"data.size": 8}, {"network.size": 9}), titles={}))
    assert [found.words(one) for one in found.vary.variants()] == ["Data: Size 8", "Network: Size 9"]
    named = study(vary=Listing(settings=({"epochs": 8},), titles={"long": "A long one"}))
    assert [named.words(one) for one in named.vary.variants()] == ["long"]
    assert found == Study.model_validate_json(found.model_dump_json())


def test_ways_to_compute_are_told_apart_where_they_vary() -> None:
    found = study(vary=Grid(settings={"precision": ("fp32", "bf16")}))
    assert found.ways == ["precision"]
    assert len(tasks(found)) == 2
    assert study().ways == []


def test_values_are_json_or_plain_text() -> None:
    assert values("0,0.2, 0.5") == (0, 0.2, 0.5)
    assert values("relu,gelu") == ("relu", "gelu")
    assert values("[16],[32,32]") == ([16], [32, 32])
    assert values("true,null") == (True, None)
    assert Variant({"network.hidden": [16, 32]}).name == "network.hidden=[16, 32]"


def test_a_study_is_what_its_file_says() -> None:
    for one in (study(), study(vary=Listing(settings=({}, {"epochs": 5})), objective="validation_loss")):
        assert Study.model_validate_json(one.model_dump_json()) == one
