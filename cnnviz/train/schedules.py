"""Learning rate and momentum as functions of the step: nothing to save, nothing to fall out of step."""

from dataclasses import dataclass
from math import cos, pi

from cnnviz.config import Constant, Cosine, OneCycle, Schedule, Step


@dataclass(frozen=True)
class Rates:
    """What the optimiser uses in one step."""

    learning_rate: float
    momentum: float | None
    """None leaves the optimiser's own."""


def rates(schedule: Schedule, *, peak: float, step: int, steps_per_epoch: int, epochs: int) -> Rates:
    """Rates of update number `step` (from 0), as PyTorch's StepLR, CosineAnnealingLR and OneCycleLR give them.

    Step and cosine change at the start of an epoch, one-cycle (Smith 2018) at every step.
    """
    epoch = step // steps_per_epoch
    match schedule:
        case Constant():
            return Rates(peak, None)
        case Step():
            return Rates(peak * schedule.factor ** (epoch // schedule.every), None)
        case Cosine():
            return Rates(_cosine(peak, 0.0, epoch / (schedule.t_max or epochs)), None)
        case OneCycle():
            return _one_cycle(schedule, peak, step, steps_per_epoch * epochs)


def _one_cycle(schedule: OneCycle, peak: float, step: int, total: int) -> Rates:
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
