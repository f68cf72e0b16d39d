"""How pictures that excite are made."""

from __future__ import annotations

from pydantic import Field

from cnnviz.config import Seed, Strict

_SMALL = 64
"""Side of a picture in pixels up to which several are made at once."""


class Settings(Strict):
    """All that decides what comes out, beside network, objective and colours."""

    steps: int = Field(default=64, ge=1, le=4096)
    """Steps of learning."""
    rate: float = Field(default=0.1, gt=0, le=10)
    """Learning rate of Adam."""
    pictures: int = Field(default=4, ge=1, le=16)
    """Pictures made at once, each from noise of its own."""
    parametrisation: str = "spectrum"
    """One of PARAMETRISATIONS."""
    decorrelate: bool = True
    """Whether colours go together as in real images."""
    transforms: bool = True
    """Whether pictures are shifted, turned and scaled a little at every step."""
    seed: Seed = 0
    """Of the noise and of the transforms."""


def usual_pictures(side: int) -> int:
    """How many pictures are made at once where nothing else is asked for; `side` is theirs, in pixels."""
    return 4 if side <= _SMALL else 1
