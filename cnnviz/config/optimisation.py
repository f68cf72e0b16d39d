"""How weights are changed, and when to stop."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from cnnviz.config.strict import Rate, Strict


class Optimiser(Strict):
    learning_rate: PositiveFloat
    """Step size; with a schedule, its highest value."""
    weight_decay: NonNegativeFloat = 0.0
    """L2 penalty; in AdamW decoupled from the gradient."""


class Sgd(Optimiser):
    name: Literal["sgd"] = "sgd"
    learning_rate: PositiveFloat = 0.05
    """Step size; with a schedule, its highest value."""
    momentum: Rate = 0.9
    """Share of the last step that is taken again."""
    nesterov: bool = True
    """Look ahead before the gradient is taken."""

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> Sgd:
        if self.nesterov and self.momentum == 0:
            raise ValueError("Nesterov needs a momentum above 0: set momentum, or nesterov=false")
        return self


class Adam(Optimiser):
    name: Literal["adam"] = "adam"
    learning_rate: PositiveFloat = 1e-3
    """Step size; with a schedule, its highest value."""


class AdamW(Optimiser):
    name: Literal["adamw"] = "adamw"
    learning_rate: PositiveFloat = 1e-3
    """Step size; with a schedule, its highest value."""
    weight_decay: NonNegativeFloat = 0.01
    """L2 penalty; in AdamW decoupled from the gradient."""


class RmsProp(Optimiser):
    name: Literal["rmsprop"] = "rmsprop"
    learning_rate: PositiveFloat = 1e-3
    """Step size; with a schedule, its highest value."""
    momentum: Rate = 0.0
    """Share of the last step that is taken again."""


class Adadelta(Optimiser):
    name: Literal["adadelta"] = "adadelta"
    learning_rate: PositiveFloat = 1.0
    """Scale of Adadelta's own step size."""


AnyOptimiser = Annotated[Sgd | Adam | AdamW | RmsProp | Adadelta, Field(discriminator="name")]


class Constant(Strict):
    name: Literal["constant"] = "constant"


class Step(Strict):
    name: Literal["step"] = "step"
    every: PositiveInt = 10
    """Epochs between two drops."""
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """What the learning rate is multiplied by at each drop."""


class Cosine(Strict):
    name: Literal["cosine"] = "cosine"
    t_max: PositiveInt | None = None
    """Epochs from the highest to the lowest learning rate; empty takes the length of the run."""


class OneCycle(Strict):
    name: Literal["one_cycle"] = "one_cycle"
    warm_up: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """Share of the run in which the learning rate rises."""
    cycle_momentum: bool = True
    """Let momentum (Adam's β₁) fall from 0.95 to 0.85 while the learning rate rises, and back."""


Schedule = Annotated[Constant | Step | Cosine | OneCycle, Field(discriminator="name")]


class EarlyStopping(Strict):
    patience: PositiveInt = 20
    """Epochs without a better value before training stops."""
    watch: Literal["validation_loss", "validation_accuracy"] = "validation_loss"
    """What has to get better."""
    restore_best: bool = True
    """Where it stops a run, end with the best epoch's weights, not the last one's."""
