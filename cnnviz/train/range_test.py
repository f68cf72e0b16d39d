"""The learning-rate range test: the rate grows from step to step until the loss does too.

Smith, "Cyclical learning rates for training neural networks", 2017, section 3.3. The suggestion is where the mean loss
falls fastest, as PyTorch Lightning's and fastai's finders have it ("steep").
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np
import torch

from cnnviz.config import RunConfig
from cnnviz.data.prepared import Dataset
from cnnviz.models.freezing import train_mode
from cnnviz.progress import Progress, Work
from cnnviz.train.execution import Execution, find_device
from cnnviz.train.loop import update
from cnnviz.train.optimisers import set_rates
from cnnviz.train.randomness import epoch_order, seed_step
from cnnviz.train.session import prepare

LOWEST, HIGHEST = 1e-6, 10.0
"""Learning rates of the first and the last step."""
_STEPS = 100
_KEPT = 0.9
"""Part of the mean loss that a step leaves as it was."""
_DIVERGED = 4.0
"""Times the lowest mean loss at which the test ends."""
_LEAST_STEPS = 10
_LEAST_FALL = 0.02
"""Share of the first loss by which it has to fall before a rate is suggested."""


@dataclass(frozen=True)
class RangeTest:
    """Loss against learning rate, a step each."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    """Of single batches, before their update (nats)."""
    means: tuple[float, ...]
    """Exponential means of the losses, corrected for their start."""
    diverged: bool
    """Whether the loss grew until the test ended."""

    @property
    def lowest(self) -> int:
        """The step at which the mean loss is lowest."""
        return min(range(len(self.means)), key=self.means.__getitem__)

    @property
    def suggested(self) -> float | None:
        """The rate at which the mean loss falls fastest, to two digits; None if it never fell."""
        if len(self.means) < _LEAST_STEPS or self.means[self.lowest] > (1 - _LEAST_FALL) * self.means[0]:
            return None
        slopes = np.gradient(np.array(self.means[: self.lowest + 1]), np.log(self.rates[: self.lowest + 1]))
        return float(f"{self.rates[int(slopes.argmin())]:.1e}")

    @property
    def reason(self) -> str:
        """Why that is suggested, or nothing is."""
        if self.suggested is None:
            return "The loss fell at no rate: check data, network and labels before the rate."
        until = f"is lowest at {self.rates[self.lowest]:.2g}"
        if self.diverged:
            until += f" and out of hand by {self.rates[-1]:.2g}"
        return f"The loss falls fastest at {self.suggested:.2g}, {until}."


def range_test(config: RunConfig, dataset: Dataset, *, steps: int = _STEPS) -> Work[RangeTest]:
    """Train a network of its own for so many steps, each at a higher rate; nothing is stored.

    Raises ConfigError when the configuration does not fit the data or the machine.
    """
    way = Execution(find_device(config.device), "fp32", "contiguous")
    yield Progress(0.0, "Getting ready")
    session = prepare(config, dataset, way=way)
    train_mode(session.model)
    rates, losses, means = list[float](), list[float](), list[float]()
    mean, diverged = 0.0, False
    per_epoch = session.steps_per_epoch
    for number in range(steps):
        epoch, place = divmod(number, per_epoch)
        if not place:
            order = epoch_order(config.seed, epoch, len(session.train)).to(session.train.labels.device)
        seed_step(config.seed, number)
        rate = LOWEST * (HIGHEST / LOWEST) ** (number / (steps - 1))
        set_rates(session.optimiser, rate, None)
        indices = order[place * config.batch_size : (place + 1) * config.batch_size]
        loss, *_ = update(session, indices, measure=False)
        value = loss.item()
        if not isfinite(value):
            diverged = True
            break
        mean = _KEPT * mean + (1 - _KEPT) * value
        rates.append(rate)
        losses.append(value)
        means.append(mean / (1 - _KEPT ** (number + 1)))
        yield Progress.of(number + 1, steps, "steps")
        if means[-1] > _DIVERGED * min(means):
            diverged = True
            break
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return RangeTest(tuple(rates), tuple(losses), tuple(means), diverged)
