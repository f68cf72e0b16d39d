"""Our side of the training benchmarks: real sessions, and how fast `fit` drives them."""

import time
from dataclasses import dataclass
from functools import cache
from typing import Literal

from benchmarks.images import images
from cnnviz.config import Data, HorizontalFlip, PadAndCrop, ResNet18, RunConfig, Sgd
from cnnviz.train.execution import wait
from cnnviz.train.loop import fit
from cnnviz.train.session import Session, TrainingProgress, prepare

Stem = Literal["imagenet", "cifar"]
KERNEL = {"imagenet": "7x7", "cifar": "3x3"}


def recipe(stem: Stem) -> RunConfig:
    """The usual recipe for CIFAR-10; how it is computed is left to the probe."""
    return RunConfig(
        data=Data(name=images().name),
        network=ResNet18(stem=stem),
        epochs=30,
        batch_size=128,
        optimiser=Sgd(learning_rate=0.1, weight_decay=5e-4, nesterov=False),
        augmentation=(PadAndCrop(), HorizontalFlip()),
    )


@dataclass(frozen=True)
class Ready:
    """A session that has taken its first step, and what it took to get there."""

    session: Session
    prepare_seconds: float
    first_step_seconds: float

    @property
    def notes(self) -> list[str]:
        """The chosen execution, and the times that count for nothing, in words."""
        way, tried = self.session.way, self.session.probe.milliseconds
        return [
            f"chosen: {way.precision}, {way.memory_format.replace('_', ' ')}{', compiled' * way.compile}"
            + f" (probe, ms a step without update: {', '.join(f'{k} {v:.0f}' for k, v in tried.items())})",
            f"not counted: {self.prepare_seconds:.0f} s for prepare() with its probe, "
            f"{self.first_step_seconds:.1f} s for the first step",
        ]


@cache
def ready(stem: Stem) -> Ready:
    """The session with that stem; the same one for all benchmarks, since its probe may take a minute."""
    start = time.perf_counter()
    session = prepare(recipe(stem), images())
    middle = time.perf_counter()
    images_per_second(session, steps=1, warm_up=0)
    return Ready(session, middle - start, time.perf_counter() - middle)


def images_per_second(session: Session, *, steps: int, warm_up: int) -> float:
    """Speed of `fit` over some steps of an epoch's beginning, after others that are not counted."""
    if warm_up + steps > session.steps_per_epoch:
        raise ValueError(f"An epoch has {session.steps_per_epoch} steps, not {warm_up + steps}.")
    session.progress = TrainingProgress()
    events = fit(session)  # gives one event a step, until the epoch ends
    for _ in range(warm_up):
        next(events)
    wait(session.way.device)
    start = time.perf_counter()
    for _ in range(steps):
        next(events)
    wait(session.way.device)
    return steps * session.config.batch_size / (time.perf_counter() - start)
