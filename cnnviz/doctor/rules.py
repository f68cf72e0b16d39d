"""All that the doctor asks, and the asking."""

from __future__ import annotations

from cnnviz.doctor import curve_rules, network_rules, prediction_rules
from cnnviz.doctor.facts import Facts
from cnnviz.doctor.finding import Examination, Rule

_ELSEWHERE = "its settings are those of a training loop elsewhere"


def _steps(facts: Facts) -> str | None:
    return None if facts.steps else "no steps were logged"


def _settings_and_steps(facts: Facts) -> str | None:
    """Why a rule can't ask that is about learning rate or gradient."""
    return _steps(facts) if facts.settings_known else _ELSEWHERE


def _settings_and_epochs(facts: Facts) -> str | None:
    return curve_rules.needs_epochs(facts) if facts.settings_known else _ELSEWHERE


def _curve_or_config(facts: Facts) -> str | None:
    return None if facts.config.softmax_before_loss else curve_rules.needs_epochs(facts, 1)


RULES: tuple[Rule, ...] = (
    Rule("overfitting", "Overfitting", curve_rules.overfitting, curve_rules.needs_epochs),
    Rule("underfitting", "Underfitting", curve_rules.underfitting, curve_rules.needs_epochs),
    Rule("rate-too-high", "Learning rate too high", curve_rules.rate_too_high, _settings_and_steps),
    Rule("rate-too-low", "Learning rate too low", curve_rules.rate_too_low, _settings_and_epochs),
    Rule("dead-relus", "Dead ReLUs", network_rules.dead_relus, network_rules.needs_rectifiers),
    Rule("vanishing", "Vanishing gradients", network_rules.vanishing, network_rules.needs_gradients),
    Rule("exploding", "Exploding gradients", curve_rules.exploding, _settings_and_steps),
    Rule("softmax-twice", "Softmax applied twice", curve_rules.softmax_twice, _curve_or_config),
    Rule(
        "absent",
        "A class absent from training",
        prediction_rules.absent,
        prediction_rules.needs_labels_counted,
    ),
    Rule(
        "never-predicted",
        "A class never predicted",
        prediction_rules.never_predicted,
        prediction_rules.needs_answers,
    ),
    Rule("leakage", "Images in two splits", prediction_rules.leakage, prediction_rules.needs_shared),
    Rule(
        "shuffled-labels",
        "Labels that look shuffled",
        prediction_rules.shuffled_labels,
        prediction_rules.needs_labels,
    ),
    Rule(
        "tiny-batches", "Batch norm with a tiny batch", network_rules.tiny_batches, network_rules.needs_inside
    ),
)


def examine(facts: Facts) -> Examination:
    """What is wrong with a run, what is not, and what could not be asked."""
    not_checked = {rule.id: why for rule in RULES if (why := rule.lacks(facts))}
    found = {rule.id: rule.check(facts) for rule in RULES if rule.id not in not_checked}
    ill = {name: finding for name, finding in found.items() if finding is not None}
    return Examination(
        findings=dict(sorted(ill.items(), key=lambda one: one[1].severity != "serious")),
        healthy=tuple(rule for rule in RULES if rule.id in found and rule.id not in ill),
        not_checked=not_checked,
    )


def rule(name: str) -> Rule:
    """The rule of that id."""
    return next(one for one in RULES if one.id == name)
