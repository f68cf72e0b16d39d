"""Where the first weights come from, and which of them stay as they are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from cnnviz.config.strict import Strict


class NoFreeze(Strict):
    name: Literal["none"] = "none"


class FreezeBody(Strict):
    name: Literal["body"] = "body"


class FreezeChildren(Strict):
    name: Literal["children"] = "children"
    count: PositiveInt = 5
    """Top-level parts, in order, whose weights stay as they are."""


class FreezeMatching(Strict):
    name: Literal["matching"] = "matching"
    pattern: Annotated[str, Field(min_length=1, max_length=200)] = "layer1.*"
    """Names of weights that stay as they are; * stands for anything."""


Freeze = Annotated[NoFreeze | FreezeBody | FreezeChildren | FreezeMatching, Field(discriminator="name")]


class RandomStart(Strict):
    source: Literal["random"] = "random"


class ImageNetStart(Strict):
    source: Literal["imagenet"] = "imagenet"


class CheckpointStart(Strict):
    source: Literal["checkpoint"] = "checkpoint"
    run: str
    """Run whose weights are the start. A last layer of another size is initialised anew."""
    snapshot: str = "last"
    """Which of its snapshots: last, best or epoch_0000."""


Start = Annotated[RandomStart | ImageNetStart | CheckpointStart, Field(discriminator="source")]
