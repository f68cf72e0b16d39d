"""Registries refuse what they don't know, naming the choices; a configuration names nothing else."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from cnnviz.config.settings import kinds_of
from cnnviz.data import augmentation, catalogue, fitting
from cnnviz.errors import NotFound
from cnnviz.models import registry
from cnnviz.train import optimisers, schedules

UNKNOWN: Any = SimpleNamespace(name="nothing", learning_rate=0.1, weight_decay=0.0)
PICTURE = np.zeros((4, 5, 3), np.uint8)

REGISTRIES: dict[str, tuple[Mapping[str, Any], Callable[[], object]]] = {
    "data set": (catalogue.entries(), lambda: catalogue.load("nothing")),
    "augmentation": (augmentation.CHANGES, lambda: augmentation.augment(torch.zeros(1, 3, 4, 4), [UNKNOWN])),
    "network": (registry.FAMILIES, lambda: registry.build(UNKNOWN, image_shape=(8, 8, 3), classes=2)),
    "optimiser": (optimisers.OPTIMISERS, lambda: optimisers.build(UNKNOWN, [])),
    "schedule": (
        schedules.SCHEDULES,
        lambda: schedules.rates(UNKNOWN, peak=1.0, step=0, steps_per_epoch=1, epochs=1),
    ),
    "way to fit a picture": (fitting.WAYS, lambda: fitting.fitted(PICTURE, 2, 2, way="nothing")),
}


@pytest.mark.parametrize("kind", REGISTRIES)
def test_what_is_not_known_is_refused_with_the_choices(kind: str) -> None:
    known, ask = REGISTRIES[kind]
    with pytest.raises(NotFound) as refusal:
        ask()
    said = str(refusal.value)
    assert said.startswith(f"No {kind} 'nothing'. Did you mean: ")
    assert "\n" not in said
    assert sum(name in said for name in known) >= min(len(known), 3)


@pytest.mark.parametrize(
    ("field", "known"),
    [
        ("network", registry.FAMILIES.keys() - {"exported"}),  # which is imported, never asked for
        ("optimiser", optimisers.OPTIMISERS),
        ("schedule", schedules.SCHEDULES),
        ("augmentation", [*augmentation.CHANGES, *augmentation.MIXES]),
    ],
)
def test_what_a_configuration_can_name_is_known(field: str, known: Any) -> None:
    assert set(kinds_of(field)) == set(known)
