"""All that the doctor asks, and the asking."""

from __future__ import annotations

from cnnviz.doctor import answers, curves, insides
from cnnviz.doctor.facts import Facts
from cnnviz.doctor.finding import Examination, Rule


def _steps(facts: Facts) -> str | None:
    return None if facts.steps else "no steps were logged"


def _curve_or_config(facts: Facts) -> str | None:
    return None if facts.config.softmax_before_loss else curves.needs_epochs(facts, 1)


RULES: tuple[Rule, ...] = (
    Rule("overfitting", "Overfitting", curves.overfitting, curves.needs_epochs),
    Rule("underfitting", "Underfitting", curves.underfitting, curves.needs_epochs),
    Rule("rate-too-high", "Learning rate too high", curves.rate_too_high, _steps),
    Rule("rate-too-low", "Learning rate too low", curves.rate_too_low, curves.needs_epochs),
    Rule("dead-relus", "Dead ReLUs", insides.dead_relus, insides.needs_rectifiers),
    Rule("vanishing", "Vanishing gradients", insides.vanishing, insides.needs_gradients),
    Rule("exploding", "Exploding gradients", curves.exploding, _steps),
    Rule("softmax-twice", "Softmax applied twice", curves.softmax_twice, _curve_or_config),
    Rule("never-predicted", "A class never predicted", answers.never_predicted, answers.needs_answers),
    Rule("leakage", "Images in two splits", answers.leakage, answers.needs_shared),
    Rule("shuffled-labels", "Labels that look shuffled", answers.shuffled_labels, answers.needs_labels),
    Rule("tiny-batches", "Batch norm with a tiny batch", insides.tiny_batches, insides.needs_inside),
)


def examine(facts: Facts) -> Examination:
    """What is wrong with a run, what is not, and what could not be asked."""
    unasked = {rule.id: why for rule in RULES if (why := rule.lacks(facts))}
    found = {rule.id: rule.check(facts) for rule in RULES if rule.id not in unasked}
    ill = {name: finding for name, finding in found.items() if finding is not None}
    return Examination(
        findings=dict(sorted(ill.items(), key=lambda one: one[1].severity != "serious")),
        healthy=tuple(rule for rule in RULES if rule.id in found and rule.id not in ill),
        unasked=unasked,
    )


def rule(name: str) -> Rule:
    """The rule of that id."""
    return next(one for one in RULES if one.id == name)
