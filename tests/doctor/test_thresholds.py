"""Every threshold of the doctor, from just below and just above, on facts made by hand."""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import e, log
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cnnviz.config import Mlp, RunConfig, Sgd
from cnnviz.diagnosis.duplicates import Shared
from cnnviz.doctor import curve_rules, network_rules, prediction_rules
from cnnviz.doctor.facts import Answers, Facts, Inside
from cnnviz.doctor.finding import Finding
from cnnviz.explore.statistics.dead_units import LayerGradient, Rectifier
from cnnviz.runs.metrics import read_line
from cnnviz.train.events import EpochEnded, StepLogged

CONFIG = RunConfig(network=Mlp(hidden=(8,)), optimiser=Sgd(learning_rate=0.1), batch_size=50)
BLIND, FLOOR = log(10), log(1 + 9 / e)
Found = str | None


def lines(kind: type[Any], rows: Sequence[Mapping[str, float]]) -> tuple[Any, ...]:
    """Events with these figures."""
    return tuple(one for row in rows for one in read_line(kind, row))


def facts(
    *,
    train_loss: Sequence[float] = (2.0, 1.0, 0.5),
    validation_loss: Sequence[float] = (2.0, 1.0, 0.6),
    train: float = 0.9,
    validation: float = 0.88,
    images: int = 10_000,
    losses: Sequence[float] = (2.3, 1.0),
    norms: Sequence[float] = (1.0, 1.0),
    inside: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    **other: Any,
) -> Facts:
    """Facts of a healthy run, with what is said instead; accuracies are those of all epochs."""
    epochs = [
        {"step": number, "epoch": number, "train_loss": loss, "validation_loss": held, "train_accuracy": train,
         "validation_accuracy": validation}
        for number, (loss, held) in enumerate(zip(train_loss, validation_loss, strict=True), 1)
    ]  # fmt: skip
    steps = [
        {"step": number, "loss": loss, "gradient_norm": norm}
        for number, (loss, norm) in enumerate(zip(losses, norms, strict=True))
    ]
    healthy = Inside(
        images=200,
        rectifiers=(Rectifier("relu", 100, 0),),
        gradients=tuple(LayerGradient(name, 1.0, 1.0) for name in ("first", "middle", "last")),
        batch_norms=1,
        answers=Answers("validation", support=(10,) * 10, guesses=(10,) * 10),
        labels=(100,) * 10,
    )
    return Facts(
        run="run", snapshot="last", config=CONFIG.model_copy(update=config or {}), state="finished", reason="",
        classes=tuple("abcdefghij"), train=other.pop("images_to_train", 1000), validation=images,
        epochs=lines(EpochEnded, epochs), steps=lines(StepLogged, steps),
        inside=replace(healthy, **(inside or {})), shared=(), **other,
    )  # fmt: skip


@dataclass(frozen=True)
class Threshold:
    """Facts on both sides of one threshold, and what the rule makes of each: a severity, nothing, or `not_checked`."""

    rule: str
    below: Facts
    above: Facts
    outcomes: tuple[Found, Found] = (None, "serious")
    see: Callable[[Finding], str] = attrgetter("severity")


def overfitted(rise: float) -> Facts:
    return facts(train_loss=(2.0, 1.0, 0.5), validation_loss=(2.0, 1.0, 1 + rise))


def slow(half: float, end: float, validation_end: float) -> Facts:
    """Five epochs from a loss of 1, in a steady fall."""
    fall = (1.0, (1 + half) / 2, half, (half + end) / 2, end)
    return facts(
        train_loss=fall, validation_loss=(1.0, 1.0, 1.0, 1.0, validation_end), losses=(1.0,), norms=(1.0,)
    )


def twice(
    *,
    least: float = FLOOR,
    loss: float | None = None,
    right: float = 0.9,
    train_loss: float = 1.6,
    **other: Any,
) -> Facts:
    end = FLOOR + (1 - right) if loss is None else loss
    return facts(
        train_loss=(2, 2, train_loss), validation_loss=(2.0, max(least, 0.1), end), validation=right, **other
    )


def dead(count: int) -> Facts:
    return facts(inside={"rectifiers": (Rectifier("relu", 100, count),)})


def faint(share: float) -> Facts:
    return facts(inside={"gradients": (LayerGradient("a", share, 1.0), LayerGradient("b", 1.0, 1.0))})


def leaking(count: int) -> Facts:
    return replace(
        facts(),
        shared=(Shared("test", "training", of=1000, places=(7,) * count, others=(7,) * count, differing=0),),
    )


def by_heart(train: float, validation: float, loss: float = 1.0) -> Facts:
    """Validation of 900 images: a standard error of one point at chance."""
    return facts(
        train=train,
        validation=validation,
        images=900,
        train_loss=(2.3, 2.3, loss),
        validation_loss=(2.3,) * 3,
    )


THRESHOLDS = {
    "overfitting: loss up by 10 %": Threshold(
        "overfitting", overfitted(0.09), overfitted(0.11), (None, "mild")
    ),
    "overfitting: 10 points apart": Threshold(
        "overfitting", facts(train=0.89, validation=0.80), facts(train=0.91, validation=0.80)
    ),
    "overfitting: three standard errors apart": Threshold(  # of 100 images: 5 points at 50 %
        "overfitting", facts(train=0.64, validation=0.5, images=100), facts(train=0.66, validation=0.5, images=100)
    ),
    "underfitting: 85 % of training": Threshold(
        "underfitting", facts(train=0.86, validation=0.85), facts(train=0.84, validation=0.84), (None, "mild")
    ),
    "underfitting: 85 %, upwards": Threshold(
        "underfitting", facts(train=1.0, validation=0.99), facts(train=0.72, validation=0.70), (None, "mild")
    ),
    "underfitting: 5 points apart": Threshold(
        "underfitting", facts(train=0.755, validation=0.70), facts(train=0.745, validation=0.70), (None, "mild")
    ),
    "underfitting: two standard errors apart": Threshold(
        "underfitting",
        facts(train=0.61, validation=0.5, images=100),
        facts(train=0.59, validation=0.5, images=100),
        (None, "mild"),
    ),
    "underfitting: still falls by 3 % from epoch to epoch": Threshold(
        "underfitting",
        *(facts(train=0.5, validation=0.5, validation_loss=(1.0, 1.0, end)) for end in (0.974, 0.966)),
        ("Take a larger network, or less dropout and weight decay.", "Train longer."),
        see=lambda finding: finding.remedies[0].words,
    ),
    "learning rate too high: twice the loss of guessing": Threshold(
        "rate_too_high", facts(losses=(2.3, 1.9 * BLIND)), facts(losses=(2.3, 2.1 * BLIND)), (None, "mild")
    ),
    "learning rate too high: 30 points above chance": Threshold(
        "rate_too_high",
        facts(losses=(2.3, 9.0), train=0.42),
        facts(losses=(2.3, 9.0), train=0.38),
        ("mild", "serious"),
    ),
    "learning rate too low: a quarter": Threshold(
        "rate_too_low", slow(0.87, 0.74, 0.7), slow(0.88, 0.76, 0.7)
    ),
    "learning rate too low: as fast at the end": Threshold(
        "rate_too_low", slow(0.9, 0.855, 0.8), slow(0.9, 0.845, 0.8)
    ),
    "learning rate too low: validation with it": Threshold(
        "rate_too_low", slow(0.9, 0.8, 0.91), slow(0.9, 0.8, 0.89)
    ),
    "exploding: 10": Threshold(
        "exploding", facts(losses=(1,) * 3, norms=(0.1, 0.1, 9.0)), facts(losses=(1,) * 3, norms=(0.1, 0.1, 11.0))
    ),
    "exploding: 50 times": Threshold(
        "exploding", facts(losses=(1,) * 3, norms=(1, 1, 45.0)), facts(losses=(1,) * 3, norms=(1, 1, 55.0))
    ),
    "softmax twice: half of validation": Threshold("softmax_twice", twice(right=0.48), twice(right=0.52)),
    "softmax twice: twice chance": Threshold(  # of three classes
        "softmax_twice",
        *(
            replace(twice(loss=log(1 + 2 / e) + 1 - right, right=right, least=2.0), classes=("a", "b", "c"))
            for right in (0.64, 0.69)
        ),
    ),
    "softmax twice: a tenth from what probabilities give": Threshold(
        "softmax_twice", twice(loss=FLOOR + 0.1 + 0.11), twice(loss=FLOOR + 0.1 + 0.09)
    ),
    "softmax twice: never under the floor": Threshold(
        "softmax_twice", twice(least=FLOOR - 1.1e-3), twice(least=FLOOR - 0.9e-3)
    ),
    "softmax twice: training neither": Threshold(
        "softmax_twice", twice(train_loss=FLOOR - 1.1e-3), twice(train_loss=FLOOR - 0.9e-3)
    ),
    "softmax twice: smoothed labels look like it": Threshold(
        "softmax_twice", twice(config={"label_smoothing": 0.32}), twice(config={"label_smoothing": 0.28})
    ),
    "dead ReLUs: a fifth": Threshold("dead_relus", dead(19), dead(21), (None, "mild")),
    "dead ReLUs: half": Threshold("dead_relus", dead(48), dead(52), ("mild", "serious")),
    "vanishing: a thousandth": Threshold("vanishing", faint(1.1e-3), faint(0.9e-3)),
    "tiny batches: eight": Threshold(
        "tiny_batches", facts(config={"batch_size": 8}), facts(config={"batch_size": 7}), (None, "mild")
    ),
    "tiny batches: four": Threshold(
        "tiny_batches", facts(config={"batch_size": 4}), facts(config={"batch_size": 3}), ("mild", "serious")
    ),
    "tiny batches: a last one": Threshold(
        "tiny_batches", facts(images_to_train=1008), facts(images_to_train=1007), (None, "mild")
    ),
    "tiny batches: a last one of one is left out": Threshold(
        "tiny_batches", facts(images_to_train=1001), facts(images_to_train=1002), (None, "mild")
    ),
    "never predicted: five images": Threshold(
        "never_predicted",
        *(
            facts(inside={"answers": Answers("validation", (count, *(10,) * 9), (0, *(10,) * 9))})
            for count in (4, 5)
        ),
    ),
    "leakage: half a percent": Threshold("leakage", leaking(5), leaking(6), ("mild", "serious")),
    "leakage: one image": Threshold("leakage", leaking(0), leaking(1), (None, "mild")),
    "shuffled labels: three standard errors above chance": Threshold(
        "shuffled_labels", by_heart(0.9, 0.133), by_heart(0.9, 0.127)
    ),
    "shuffled labels: 20 points above chance": Threshold(
        "shuffled_labels", by_heart(0.28, 0.1), by_heart(0.32, 0.1)
    ),
    "shuffled labels: a loss 5 % from guessing": Threshold(
        "shuffled_labels", by_heart(0.1, 0.1, 0.945 * BLIND), by_heart(0.1, 0.1, 0.955 * BLIND), (None, "mild")
    ),
    "curves: three epochs": Threshold(
        "needs_epochs", facts(train_loss=(1, 1), validation_loss=(1, 1)), facts(), ("not_checked", None)
    ),
    "gradients: three layers": Threshold("needs_gradients", faint(1.0), facts(), ("not_checked", None)),
    "absent: no image": Threshold(
        "absent", facts(inside={"labels": (1, *(10,) * 9)}), facts(inside={"labels": (0, *(10,) * 9)})
    ),
}  # fmt: skip
MODULES = (curve_rules, network_rules, prediction_rules)


def outcome(threshold: Threshold, of: Facts, modules: Sequence[Any] = MODULES) -> Found:
    check = next(getattr(one, threshold.rule) for one in modules if hasattr(one, threshold.rule))
    result = check(of)
    return "not_checked" if isinstance(result, str) else result and threshold.see(result)


@pytest.mark.parametrize("name", THRESHOLDS)
def test_below_and_above(name: str) -> None:
    one = THRESHOLDS[name]
    assert (outcome(one, one.below), outcome(one, one.above)) == one.outcomes


def constants(module: ModuleType) -> Iterator[ast.Constant]:
    """Numbers that a rule decides by: not those of its words, remedies and places."""
    aside: set[ast.AST] = set()
    decisions = []
    for node in ast.walk(tree(module)):
        cut = isinstance(node, ast.IfExp) and ", …" in ast.unparse(node)  # how many names are listed
        words = isinstance(node, ast.JoinedStr | ast.Subscript)
        offer = isinstance(node, ast.Call) and ast.unparse(node.func) in ("Remedy", "Evidence")
        if cut or words or offer:
            aside |= set(ast.walk(node))
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            decisions.append(node)
    yield from (node for node in decisions if node not in aside and node.value not in (0, 1, 1e-12))


def tree(module: ModuleType) -> ast.Module:
    return ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))


def other(module: ModuleType, line: int, column: int, factor: float) -> Any:
    """The module with one of its numbers multiplied; whole numbers move by one at least."""
    changed = tree(module)
    for node in ast.walk(changed):
        if isinstance(node, ast.Constant) and (node.lineno, node.col_offset) == (line, column):
            value: Any = node.value
            moved = value * factor
            if isinstance(value, int):
                moved = min(round(moved), value - 1) if factor < 1 else max(round(moved), value + 1)
            node.value = moved
    copy = ModuleType(module.__name__)
    copy.__dict__["__file__"] = module.__file__
    exec(compile(changed, module.__file__ or "", "exec"), copy.__dict__)  # noqa: S102
    return copy


@pytest.mark.parametrize("factor", [0.8, 1.2])
@pytest.mark.parametrize("module", MODULES, ids=lambda one: one.__name__.rpartition(".")[2])
def test_no_threshold_moves_by_a_fifth_unseen(module: ModuleType, factor: float) -> None:
    unseen = []
    for node in constants(module):
        modules = [other(module, node.lineno, node.col_offset, factor), *MODULES]
        if all(
            (outcome(one, one.below, modules), outcome(one, one.above, modules)) == one.outcomes
            for one in THRESHOLDS.values()
        ):
            unseen.append(f"line {node.lineno}: {node.value}")
    assert unseen == []
