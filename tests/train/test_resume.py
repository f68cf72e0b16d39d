"""A training that is cut short anywhere and taken up again ends bit for bit as one that was not."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import safetensors.torch
import torch

from cnnviz.config import (
    Adadelta,
    Adam,
    Data,
    EarlyStopping,
    HorizontalFlip,
    Mlp,
    OneCycle,
    PadAndCrop,
    ResNet18,
    RmsProp,
    Sgd,
    Step,
)
from cnnviz.train.events import Event, Finished
from cnnviz.train.loop import fit
from cnnviz.train.session import Session, prepare

Make = Callable[..., Session]
Figures = Callable[[Event], dict[str, Any]]

BUSY = {"network": Mlp(hidden=(12,), dropout=0.3), "augmentation": (PadAndCrop(padding=2), HorizontalFlip())}
OPTIMISERS = {
    "sgd": {"optimiser": Sgd(weight_decay=1e-3), "schedule": OneCycle()},
    "adam": {"optimiser": Adam(learning_rate=0.01), "schedule": OneCycle()},
    "adadelta": {"optimiser": Adadelta(), "schedule": Step(every=1, factor=0.5)},
    "rmsprop": {"optimiser": RmsProp(momentum=0.5)},
    "fp16": {"precision": "fp16"},
    "clipped": {"clip_norm": 0.5, "label_smoothing": 0.1},
}
STOPPING = {
    # Sooner or later each of these stops before the 12 epochs are over.
    "epochs": 12,
    "optimiser": Sgd(learning_rate=0.6),
    "early_stopping": EarlyStopping(patience=2),
}


def as_written(session: Session) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The state of a session after a journey through bytes."""
    tensors, values = session.state()
    content = safetensors.torch.save({name: value.contiguous() for name, value in tensors.items()})
    return safetensors.torch.load(content), json.loads(json.dumps(values))


def taken_up(session: Session, tensors: dict[str, torch.Tensor], values: dict[str, Any]) -> list[Event]:
    torch.manual_seed(12345)  # whatever was drawn meanwhile
    other = prepare(session.config, session.dataset, way=session.way)
    other.restore(tensors, values)
    return list(fit(other))


def check_every_event(make: Make, figures: Figures, every: int = 1, **changes: Any) -> list[Event]:
    session = make(**changes)
    events, states = [], [as_written(session)]
    for event in fit(session):
        events.append(event)
        states.append(as_written(session))
    assert isinstance(events[-1], Finished)
    for index in range(0, len(states) - 1, every):
        rest = taken_up(session, *states[index])
        assert [figures(event) for event in rest] == [figures(event) for event in expected_after(events, index)]
    return events


def expected_after(events: list[Event], index: int) -> list[Event]:
    """What has to follow event number `index`: a validation or test that was under way starts afresh."""
    kinds = [type(event).__name__ for event in events]
    start = index
    while start and kinds[start - 1] == "Tick":
        start -= 1
    return events[start:]


@pytest.mark.parametrize("name", OPTIMISERS)
def test_cut_anywhere(name: str, session: Make, figures: Figures) -> None:
    check_every_event(session, figures, **BUSY, **OPTIMISERS[name])


@pytest.mark.parametrize("restore", [True, False])
def test_cut_anywhere_with_early_stopping(restore: bool, session: Make, figures: Figures) -> None:
    stopping = EarlyStopping(patience=2, restore_best=restore)
    events = check_every_event(session, figures, **(STOPPING | {"early_stopping": stopping}), **BUSY)
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.reason == "early stopping"
    assert (end.epoch == end.best_epoch) == restore


@pytest.mark.parametrize("optimiser", [Sgd(), Adam()], ids=["sgd", "adam"])
def test_cut_anywhere_with_a_resnet_in_bf16_and_channels_last(
    optimiser: Sgd | Adam, session: Make, figures: Figures
) -> None:
    few = Data(name="tiny", train=48, validation=10)
    how = {"precision": "bf16", "memory_format": "channels_last", "optimiser": optimiser, "data": few, "epochs": 2}
    events = check_every_event(session, figures, every=3, network=ResNet18(stem="imagenet"), batch_size=24, **how)
    again = list(fit(session(network=ResNet18(stem="imagenet"), batch_size=24, **how)))
    assert [figures(event) for event in again] == [figures(event) for event in events]


def test_the_same_seed_twice_and_another(session: Make, figures: Figures) -> None:
    def run(seed: int) -> list[dict[str, Any]]:
        return [figures(event) for event in fit(session(seed=seed, **BUSY))]

    torch.manual_seed(1)
    first = run(3)
    torch.manual_seed(2)
    assert run(3) == first
    assert run(4)[-1]["weights_sha256"] != first[-1]["weights_sha256"]


def test_looking_at_other_numbers_does_not_disturb(session: Make, figures: Figures) -> None:
    quiet = [figures(event) for event in fit(session(**BUSY))]
    disturbed = []
    for event in fit(session(**BUSY)):
        disturbed.append(figures(event))
        torch.rand(7)
    assert disturbed == quiet
