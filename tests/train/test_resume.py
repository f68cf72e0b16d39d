"""A training that is cut short anywhere and taken up again ends bit for bit as one that was not."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

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
from cnnviz.errors import ConfigError
from cnnviz.models.registry import FAMILIES, Shape
from cnnviz.train.events import Event, Finished
from cnnviz.train.loop import fit
from cnnviz.train.session import Session, prepare

pytestmark = pytest.mark.slow

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
        assert [figures(event) for event in rest] == [
            figures(event) for event in expected_after(events, index)
        ]
    return events


def expected_after(events: list[Event], index: int) -> list[Event]:
    """What has to follow event number `index`: a validation or test that was under way starts afresh."""
    kinds = [type(event).__name__ for event in events]
    start = index
    while start and kinds[start - 1] in ("Tick", "Progress"):
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


def small_convolutional(options: ResNet18, *, image_shape: Shape, classes: int) -> nn.Module:
    """What ResNet-18 is made of, smaller."""
    return nn.Sequential(
        *(nn.Conv2d(image_shape[2], 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.Conv2d(8, 12, 3, stride=2, padding=1), nn.BatchNorm2d(12), nn.ReLU(), nn.Dropout(0.2)),
        *(nn.Conv2d(12, 12, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, classes)),
    )


@pytest.mark.parametrize("optimiser", [Sgd(), Adam()], ids=["sgd", "adam"])
@pytest.mark.parametrize("way", ["fp32 contiguous", "fp32 channels_last", "bf16 channels_last"])
def test_cut_anywhere_with_convolutions(
    optimiser: Sgd | Adam, way: str, session: Make, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    precision, layout = way.split()
    family = replace(FAMILIES["resnet18"], build=small_convolutional)
    monkeypatch.setitem(FAMILIES, "resnet18", family)  # type: ignore[attr-defined]
    how = {"network": ResNet18(), "precision": precision, "memory_format": layout, "epochs": 2}
    check_every_event(session, figures, optimiser=optimiser, **how)


def test_resnet_in_bf16_and_channels_last_cut_once_and_not_at_all(session: Make, figures: Figures) -> None:
    few = Data(name="tiny", train=16, validation=8)
    how = {"precision": "bf16", "memory_format": "channels_last", "network": ResNet18(), "epochs": 1}
    session, made = partial(session, data=few, batch_size=8, **how), []
    first = [figures(event) for event in fit(session())]
    assert [figures(event) for event in fit(session())] == first
    halfway = session()
    for event in fit(halfway):
        made.append(figures(event))
        if halfway.progress.step == 1:
            break
    assert made + [figures(event) for event in taken_up(halfway, *as_written(halfway))] == first


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


def test_another_data_set_of_the_same_name_is_refused(session: Make) -> None:
    began = session()
    changed = replace(began.dataset, train_labels=np.roll(began.dataset.train_labels, 1))
    other = prepare(began.config, changed, way=began.way)
    with pytest.raises(ConfigError, match="has changed since this run began"):
        other.restore(*began.state())
