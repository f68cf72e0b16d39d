"""The loop against a naive one: PIL-free, event-free, made of PyTorch's own optimisers and schedulers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from cnnviz.config import (
    Adadelta,
    Adam,
    AdamW,
    Constant,
    Cosine,
    Data,
    Mlp,
    OneCycle,
    RmsProp,
    RunConfig,
    Schedule,
    Sgd,
    Step,
)
from cnnviz.data import catalogue
from cnnviz.data.split import train_validation
from cnnviz.models.registry import build
from cnnviz.train.events import EpochEnded, Finished, StepLogged
from cnnviz.train.loop import fit
from cnnviz.train.randomness import epoch_order
from cnnviz.train.session import Session

Scheduler = torch.optim.lr_scheduler.LRScheduler


def optimiser_of(config: RunConfig, model: nn.Module) -> torch.optim.Optimizer:
    options, common = config.optimiser, {"lr": config.optimiser.learning_rate}
    common["weight_decay"] = options.weight_decay
    parameters = model.parameters()
    match options:
        case Sgd():
            return torch.optim.SGD(
                parameters, **common, momentum=options.momentum, nesterov=options.nesterov, foreach=False
            )
        case Adam():
            return torch.optim.Adam(parameters, **common, foreach=False)
        case AdamW():
            return torch.optim.AdamW(parameters, **common, foreach=False)
        case RmsProp():
            return torch.optim.RMSprop(parameters, **common, momentum=options.momentum, foreach=False)
        case Adadelta():
            return torch.optim.Adadelta(parameters, **common, foreach=False)


def schedulers_of(
    schedule: Schedule, optimiser: torch.optim.Optimizer, epochs: int, steps: int
) -> tuple[Scheduler | None, Scheduler | None]:
    """The one that steps with each batch, and the one that steps with each epoch."""
    peak = optimiser.param_groups[0]["lr"]
    match schedule:
        case OneCycle(cycle_momentum=cycle):
            one = torch.optim.lr_scheduler.OneCycleLR(
                optimiser, peak, total_steps=epochs * steps + 1, cycle_momentum=cycle
            )
            # Ours ends with the last update; PyTorch's with the count that it is given.
            one.total_steps = epochs * steps
            one._schedule_phases[0]["end_step"] = 0.3 * epochs * steps - 1
            one._schedule_phases[1]["end_step"] = epochs * steps - 1
            return one, None
        case Step(every=every, factor=factor):
            return None, torch.optim.lr_scheduler.StepLR(optimiser, every, factor)
        case Cosine(t_max=t_max):
            return None, torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, t_max or epochs)
        case Constant():
            return None, None


class Naive:
    """The same recipe, step by step."""

    def __init__(self, config: RunConfig) -> None:
        data = catalogue.load(config.data.name)
        chosen, held_out = train_validation(
            data.train_labels, train=config.data.train, validation=config.data.validation, seed=0
        )
        pixels = np.asarray(data.train_images)[chosen] / 255
        self.mean, self.std = pixels.mean((0, 1, 2)), pixels.std((0, 1, 2))
        self.x, self.y = self.prepared(pixels), torch.from_numpy(np.asarray(data.train_labels)[chosen])
        self.validation_x = self.prepared(np.asarray(data.train_images)[held_out] / 255)
        self.validation_y = torch.from_numpy(np.asarray(data.train_labels)[held_out])
        self.config = config
        self.model = build(config.network, image_shape=data.image_shape, classes=4, seed=config.seed)
        self.steps: list[tuple[float, float, float]] = []
        self.epochs: list[tuple[float, float, float, float]] = []

    def prepared(self, pixels: Any) -> torch.Tensor:
        return torch.from_numpy(((pixels - self.mean) / self.std).transpose(0, 3, 1, 2)).float()

    def run(self) -> nn.Module:
        config, model, count = self.config, self.model, len(self.y)
        optimiser = optimiser_of(config, model)
        batches = [
            list(range(start, min(start + config.batch_size, count)))
            for start in range(0, count, config.batch_size)
        ]
        batches = [batch for batch in batches if len(batch) > 1 or len(batches) == 1]
        every_step, every_epoch = schedulers_of(config.schedule, optimiser, config.epochs, len(batches))
        for epoch in range(config.epochs):
            order, losses, right, seen = epoch_order(config.seed, epoch, count), 0.0, 0, 0
            for batch in batches:
                x, y = self.x[order[batch]], self.y[order[batch]]
                optimiser.zero_grad()
                logits = model(x)
                loss = functional.cross_entropy(logits, y, label_smoothing=config.label_smoothing)
                loss.backward()
                gradient = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
                self.steps.append((loss.item(), gradient.norm().item(), optimiser.param_groups[0]["lr"]))
                if config.clip_value:
                    torch.nn.utils.clip_grad_value_(model.parameters(), config.clip_value)
                if config.clip_norm:
                    torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
                optimiser.step()
                if every_step:
                    every_step.step() if len(self.steps) < config.epochs * len(batches) else None
                losses, right, seen = (
                    losses + loss.item() * len(y),
                    right + int((logits.argmax(1) == y).sum()),
                    seen + len(y),
                )
            if every_epoch:
                every_epoch.step()
            with torch.no_grad():
                logits = model(self.validation_x)
                loss = functional.cross_entropy(logits, self.validation_y)
            accuracy = (logits.argmax(1) == self.validation_y).double().mean()
            self.epochs.append((losses / seen, right / seen, loss.item(), accuracy.item()))
        return model


def compare(session: Session) -> None:
    naive = Naive(session.config)
    events = list(fit(session))
    expected = naive.run().state_dict()
    for name, value in session.model.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=2e-5, atol=2e-6)
    steps = [event for event in events if isinstance(event, StepLogged)]
    assert [event.step for event in steps] == list(range(1, len(naive.steps) + 1))
    mine = [value for event in steps for value in (event.loss, event.gradient_norm, event.learning_rate)]
    assert mine == pytest.approx([value for step in naive.steps for value in step], rel=1e-4)
    ends = [event for event in events if isinstance(event, EpochEnded)]
    figures = [(e.train_loss, e.train_accuracy, e.validation_loss, e.validation_accuracy) for e in ends]
    assert np.array(figures) == pytest.approx(np.array(naive.epochs), rel=1e-4)
    assert [e.learning_rate for e in ends] == [event.learning_rate for event in steps if event.epoch % 1 == 0]


@pytest.mark.parametrize(
    ("optimiser", "schedule"),
    [
        (Sgd(weight_decay=5e-4), OneCycle()),
        (Sgd(nesterov=False), OneCycle(cycle_momentum=False)),
        (Sgd(momentum=0, nesterov=False), Constant()),
        (Adam(weight_decay=1e-2), OneCycle()),
        (Adam(), Step(every=1, factor=0.2)),
        (AdamW(weight_decay=0.1), Cosine()),
        (RmsProp(momentum=0.5), Constant()),
        (RmsProp(), Step(every=1)),
        (Adadelta(weight_decay=1e-2), Constant()),
    ],
    ids=lambda value: f"{value.name}",
)
def test_optimisers_and_schedules(optimiser: Any, schedule: Any, session: Callable[..., Session]) -> None:
    compare(session(optimiser=optimiser, schedule=schedule, epochs=2, seed=3))


@pytest.mark.parametrize(
    "changes",
    [
        {"label_smoothing": 0.2},
        {"clip_norm": 0.5},
        {"clip_value": 0.02},
        {"clip_value": 0.05, "clip_norm": 0.3},
        {"data": Data(name="tiny", train=129, validation=40), "batch_size": 64},  # a last batch of one image
        {"data": Data(name="tiny", train=64, validation=40), "batch_size": 64},
        {"data": Data(name="tiny", train=1, validation=40), "batch_size": 1},
        {"batch_size": 180},
        {"network": Mlp(hidden=(9, 7), activation="tanh")},
    ],
    ids=" ".join,
)
def test_the_rest_of_the_recipe(changes: dict[str, Any], session: Callable[..., Session]) -> None:
    compare(session(epochs=2, **changes))


def test_the_end_names_the_weights_and_tests_them(session: Callable[..., Session]) -> None:
    made = session()
    *_, end = fit(made)
    assert isinstance(end, Finished)
    data = catalogue.load("tiny")
    naive = Naive(made.config)
    with torch.no_grad():
        logits = made.model(naive.prepared(np.asarray(data.test_images) / 255))
    labels = torch.tensor(np.asarray(data.test_labels))
    assert end.test_count == 60
    assert end.test_loss == pytest.approx(functional.cross_entropy(logits, labels).item(), rel=1e-5)
    right = logits.argmax(1) == labels
    assert end.test_accuracy == pytest.approx(right.double().mean().item())
    assert end.test_accuracy_by_class == pytest.approx(
        [right[labels == k].double().mean().item() for k in range(4)]
    )
    assert (end.reason, end.epoch) == ("completed", 3)
