"""Settings that may be changed while a network trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, NonNegativeInt, model_validator

from cnnviz.config.run import RunConfig
from cnnviz.config.strict import Strict
from cnnviz.registry import Entry, entry


@dataclass(frozen=True)
class Changeable(Entry):
    """A setting that may be changed, and between which values."""

    least: float
    most: float
    explanation: str


CHANGEABLE: Mapping[str, Changeable] = {
    "learning_rate": Changeable(
        "Learning rate", 1e-9, 1e3, "The schedule goes on from here as if this had been its highest value."
    ),
    "weight_decay": Changeable("Weight decay", 0.0, 10.0, "Of all weights that are trained."),
    "dropout": Changeable("Dropout", 0.0, 0.99, "Of all dropout layers alike."),
    "last_epoch": Changeable("Stop after epoch", 1, 1e6, "The run is then finished and tested."),
}


class Change(Strict):
    """One setting, changed in the middle of a training."""

    step: NonNegativeInt
    """Updates before it: it holds from the next one on."""
    setting: str
    value: float
    request: Annotated[str, Field(max_length=64)]
    """Who asked: each request is met once."""

    @model_validator(mode="after")
    def _in_range(self) -> Change:
        check(self.setting, self.value)
        return self


def check(setting: str, value: float) -> None:
    """Nothing, if the setting may have that value. Raises NotFound for a setting, ValueError for a value."""
    about = entry("setting that can be changed", setting, CHANGEABLE)
    if not about.least <= value <= about.most:
        raise ValueError(f"{about.title} has to be from {about.least:g} to {about.most:g} (got {value:g})")


def changeable(config: RunConfig) -> dict[str, float]:
    """Settings of a run that may be changed, and their values at its start."""
    dropout = [
        value
        for name, value in config.network.model_dump().items()
        if name.startswith("dropout") and isinstance(value, float) and value > 0
    ]
    return {
        "learning_rate": config.optimiser.learning_rate,
        "weight_decay": config.optimiser.weight_decay,
        **({"dropout": max(dropout)} if dropout else {}),
        "last_epoch": float(config.epochs),
    }
