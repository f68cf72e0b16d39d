"""The next trial of a search, and which trials to give up: Optuna's samplers and pruners, asked anew each time.

Nothing is kept between two calls but what was proposed (`trials.jsonl`) and the runs themselves. Optuna is loaded late:
it takes a second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from cnnviz.studies.definition import Objective
from cnnviz.studies.search_space import Choices, Search
from cnnviz.studies.variant import Variant, text

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Past:
    """A trial that was proposed, and what is known of it."""

    variant: Variant
    curve: Sequence[float]
    """The objective after each epoch."""
    value: float | None = None
    """What it came to; None as long as it trains, or where it failed."""
    pruned: bool = False
    over: bool = True


def propose(search: Search, objective: Objective, past: Sequence[Past], *, epochs: int) -> Variant:
    """The next trial: it depends on the search, and on what the earlier ones gave, alone."""
    import optuna

    study, _ = _replayed(search, objective, past, epochs)
    seed = (search.seed + 1_000_003 * len(past)) % 2**32
    kinds = {"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
    study.sampler = kinds[search.sampler](seed=seed)
    trial = study.ask(_distributions(search))
    return Variant({key: _value(search, key, trial.params[key]) for key in search.settings})


def worse(search: Search, objective: Objective, past: Sequence[Past], *, epochs: int) -> list[int]:
    """The trials that train and should be given up, by their number."""
    if search.pruner == "none" or not any(one.curve and not one.over for one in past):
        return []
    _, given_up = _replayed(search, objective, past, epochs)
    return [number for number in given_up if not past[number].over]


def _replayed(
    search: Search, objective: Objective, past: Sequence[Past], epochs: int
) -> tuple[optuna.Study, list[int]]:
    """Optuna's study as the trials have made it, and those that its pruner gives up."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruners: dict[str, Any] = {
        "none": optuna.pruners.NopPruner,
        "median": optuna.pruners.MedianPruner,
        "hyperband": lambda: optuna.pruners.HyperbandPruner(max_resource=epochs),
    }
    study = optuna.create_study(
        study_name="study",  # Hyperband draws its brackets by the name
        direction="minimize" if objective == "validation_loss" else "maximize",
        sampler=optuna.samplers.RandomSampler(seed=0),
        pruner=pruners[search.pruner](),
    )
    distributions = _distributions(search)
    trials = []
    for one in past:
        study.enqueue_trial({key: _param(search, key, one.variant.settings[key]) for key in search.settings})
        trials.append(study.ask(distributions))
    given_up = []
    for number in sorted(range(len(past)), key=lambda number: not past[number].over):
        trial, one = trials[number], past[number]
        decided = False
        for epoch, value in enumerate(one.curve, start=1):
            trial.report(value, epoch)
            decided = trial.should_prune() or decided  # successive halving says so at some epochs alone
        if decided:
            given_up.append(number)
        if one.over:
            _tell(study, trial, one)
    return study, given_up


def _tell(study: optuna.Study, trial: optuna.Trial, one: Past) -> None:
    import optuna

    states = optuna.trial.TrialState
    if one.value is None or math.isnan(one.value):
        study.tell(trial, state=states.FAIL)
    elif one.pruned:
        study.tell(trial, state=states.PRUNED)
    else:
        study.tell(trial, one.value)


def _distributions(search: Search) -> dict[str, Any]:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, Any] = {}
    for key, one in search.settings.items():
        if isinstance(one, Choices):
            found[key] = CategoricalDistribution([text(value) for value in one.choices])
        elif isinstance(one.low, int) and isinstance(one.high, int):
            found[key] = IntDistribution(one.low, one.high, log=one.scale == "log")
        else:
            found[key] = FloatDistribution(one.low, one.high, log=one.scale == "log")
    return found


def _value(search: Search, key: str, param: Any) -> JsonValue:
    """A setting's value, of Optuna's: choices are told apart by their text."""
    one = search.settings[key]
    return next(value for value in one.choices if text(value) == param) if isinstance(one, Choices) else param


def _param(search: Search, key: str, value: JsonValue) -> Any:
    return text(value) if isinstance(search.settings[key], Choices) else value
