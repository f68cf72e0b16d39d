"""Searches: what they may try, that proposals follow from the past alone, and who is given up."""

from typing import Any

import pytest
from pydantic import ValidationError

from cnnviz.config import Mlp, RunConfig
from cnnviz.errors import ConfigError
from cnnviz.studies import plan
from cnnviz.studies.definition import Study, tasks
from cnnviz.studies.search_space import Choices, Range, Search, space
from cnnviz.studies.variant import Variant

SPACE = {"network.dropout": space("0..0.5"), "optimiser.learning_rate": space("log:1e-4..1"),
         "batch_size": space("16..64"), "network.activation": space("relu,gelu")}  # fmt: skip


def test_a_space_is_what_it_says() -> None:
    assert space("0..0.5") == Range(low=0, high=0.5)
    assert space("log:1e-4..0.1") == Range(low=1e-4, high=0.1, scale="log")
    assert space("-1..1") == Range(low=-1, high=1)
    assert space("relu,gelu") == Choices(choices=("relu", "gelu"))
    for text in ("1..0", "log:0..1", ""):
        with pytest.raises(ValidationError):
            space(text)


def test_the_ends_of_each_range_are_checked_before_anything_starts() -> None:
    def study(**settings: Any) -> Study:
        return Study(title="s", base=RunConfig(network=Mlp()), vary=Search(settings=settings))

    assert len(tasks(study(**SPACE))) == 5
    with pytest.raises(ConfigError, match=r"network.dropout=2: "):
        tasks(study(**{"network.dropout": space("0..2")}))
    with pytest.raises(ConfigError, match=r"network.activation=what: "):
        tasks(study(**{"network.activation": space("relu,what")}))
    pruned = Search(settings=SPACE, pruner="median")
    with pytest.raises(ValidationError, match="one seed"):
        Study(title="s", base=RunConfig(), vary=pruned, seeds=2)
    assert plan  # imported as the command does


class TestOptuna:
    @pytest.fixture(autouse=True)
    def _optuna(self) -> None:
        pytest.importorskip("optuna")

    @pytest.mark.parametrize("sampler", ["random", "tpe"])
    def test_proposals_follow_from_the_past_alone(self, sampler: Any) -> None:
        from cnnviz.studies.search import Past, propose

        search = Search(settings=SPACE, sampler=sampler)
        past: list[Past] = []
        for _ in range(14):
            one = propose(search, "validation_accuracy", past, epochs=3)
            assert one == propose(search, "validation_accuracy", past, epochs=3)
            rate, batch = one.settings["optimiser.learning_rate"], one.settings["batch_size"]
            assert isinstance(rate, float)
            assert isinstance(batch, int)
            assert 1e-4 <= rate <= 1
            assert 16 <= batch <= 64
            assert one.settings["network.activation"] in ("relu", "gelu")
            past.append(Past(one, (0.1, 0.2), value=1 - float(str(one.settings["network.dropout"]))))
        drawn = [float(str(one.variant.settings["network.dropout"])) for one in past]
        assert len(set(drawn)) == 14
        other = propose(search.model_copy(update={"seed": 1}), "validation_accuracy", past, epochs=3)
        assert other != propose(search, "validation_accuracy", past, epochs=3)

    def test_a_search_looks_where_it_was_better(self) -> None:
        from cnnviz.studies.search import Past, propose

        def mean(sampler: Any) -> float:
            search, past = (
                Search(settings={"network.dropout": space("0..0.9")}, sampler=sampler),
                list[Past](),
            )
            for _ in range(30):
                one = propose(search, "validation_loss", past, epochs=1)
                past.append(Past(one, (), value=abs(float(str(one.settings["network.dropout"])) - 0.7)))
            return sum(one.value or 0 for one in past[10:]) / 20

        assert mean("tpe") < 0.6 * mean("random")

    @pytest.mark.parametrize("pruner", ["median", "hyperband"])
    def test_the_worst_is_given_up_and_the_best_is_not(self, pruner: Any) -> None:
        from cnnviz.studies.search import Past, worse

        search = Search(settings={"network.dropout": space("0..0.9")}, pruner=pruner)
        past = [
            Past(Variant({"network.dropout": at / 40}), [0.5 + at / 100] * 9, value=0.5 + at / 100)
            for at in range(30)
        ]
        count = 6  # Hyperband lets every trial of one bracket go on
        bad, good = (
            [Past(Variant({"network.dropout": 0.8}), [value] * 6, over=False)] * count for value in (0.1, 0.9)
        )
        found = {*worse(search, "validation_accuracy", [*past, *bad, *good], epochs=9)}
        assert found
        assert found <= {*range(30, 36)}
        found = {*worse(search, "validation_loss", [*past, *bad, *good], epochs=9)}
        assert found
        assert found <= {*range(36, 42)}
        none = search.model_copy(update={"pruner": "none"})
        assert worse(none, "validation_loss", [*past, *bad], epochs=9) == []

    def test_failed_trials_teach_nothing_and_stop_nothing(self) -> None:
        from cnnviz.studies.search import Past, propose

        search = Search(settings=SPACE)
        first = propose(search, "validation_loss", [], epochs=3)
        nan = float("nan")
        past = [Past(first, ()), Past(first, (nan,), value=nan), Past(first, (1.0,), 1.0, pruned=True)]
        assert propose(search, "validation_loss", past, epochs=3) != first
