"""What all values of a configuration have in common: they cannot change, and know all their keys."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Rate = Annotated[float, Field(ge=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Activation = Literal["relu", "sigmoid", "tanh", "gelu", "mish", "leaky_relu"]


class Strict(BaseModel):
    """A value that cannot change and knows all its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    offered: ClassVar[bool] = True
    """Whether it is among the kinds that forms and `--help` offer, where a setting has several."""
