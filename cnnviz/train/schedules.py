"""Learning rate and momentum as functions of the step: nothing to save, nothing to fall out of step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import cos, pi
from typing import Any

from cnnviz.config import Constant, Cosine, OneCycle, Schedule, Step
from cnnviz.registry import entry


@dataclass(frozen=True)
class Rates:
    """What the optimiser uses in one step."""

    learning_rate: float
    momentum: float | None
    """None leaves the optimiser's own."""


@dataclass(frozen=True)
class At:
    """Where in a run an update is."""

    step: int
    """From 0."""
    steps_per_epoch: int
    epochs: int

    @property
    def epoch(self) -> int:
        """From 0."""
        return self.step // self.steps_per_epoch


def rates(schedule: Schedule, *, peak: float, step: int, steps_per_epoch: int, epochs: int) -> Rates:
    """Rates of update number `step` (from 0), as PyTorch's StepLR, CosineAnnealingLR and OneCycleLR give them.

    Step and cosine change at the start of an epoch, one-cycle (Smith 2018) at every step. Raises NotFound for a
    schedule that is not known.
    """
    function = entry("schedule", schedule.name, SCHEDULES)
    return function(schedule, peak, At(step, steps_per_epoch, epochs))


def _one_cycle(schedule: OneCycle, peak: float, at: At) -> Rates:
    step, total = at.step, at.steps_per_epoch * at.epochs
    first, last = peak / 25, peak / 25 / 1e4
    turn = schedule.warm_up * total - 1
    if turn > 0 and step <= turn:
        share = step / turn
        learning_rate, momentum = _cosine(first, peak, share), _cosine(0.95, 0.85, share)
    else:
        turn = max(turn, 0)
        share = (step - turn) / (total - 1 - turn) if total > 1 else 0.0
        learning_rate, momentum = _cosine(peak, last, share), _cosine(0.85, 0.95, share)
    return Rates(learning_rate, momentum if schedule.cycle_momentum else None)


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + cos(pi * share)) / 2


def _constant(schedule: Constant, peak: float, at: At) -> Rates:
    return Rates(peak, None)


def _step(schedule: Step, peak: float, at: At) -> Rates:
    return Rates(peak * schedule.factor ** (at.epoch // schedule.every), None)


def _half_cosine(schedule: Cosine, peak: float, at: At) -> Rates:
    return Rates(_cosine(peak, 0.0, at.epoch / (schedule.t_max or at.epochs)), None)


SCHEDULES: Mapping[str, Callable[[Any, float, At], Rates]] = {
    "constant": _constant,
    "step": _step,
    "cosine": _half_cosine,
    "one_cycle": _one_cycle,
}
"""`SCHEDULES[name](options, peak, at)`."""
