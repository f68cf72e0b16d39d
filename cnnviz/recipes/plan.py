"""What is run for a variant of a recipe: its configuration at each size."""

from typing import Any

from cnnviz.config import RunConfig
from cnnviz.config.comparison import differing, flat
from cnnviz.errors import ConfigError
from cnnviz.recipes import library
from cnnviz.recipes.library import merged
from cnnviz.recipes.recipe import Recipe, Settings, Size

_STAND_INS = {"mnist": "digits"}
"""Data sets that are always there, for those that are not; shapes for all others."""
_SMOKE: Settings = {
    "data": {"train": 8, "validation": 4, "test": 4, "normalise": "dataset"},
    "start": {"source": "random"},
    "precision": "fp32",
    "memory_format": "contiguous",
    "compile": "off",
}
_SMALLEST = {"alexnet": 64, "vgg11_bn": 32}
"""Pixels that a network needs at least, where that is more than stand-ins have or costs less than the recipe's."""


def configuration(
    recipe: Recipe, variant: str, *, size: Size = "full", seed: int = 0, pretrained: str | None = None
) -> RunConfig:
    """How a variant is run. With `pretrained`, a run of the bench takes the place of ImageNet's weights.

    Raises NotFound for a variant that does not exist, and ConfigError for a recipe that trains nothing.
    """
    if recipe.kind != "train":
        raise ConfigError(
            f"{recipe.id} trains nothing: open it on the Experiments page, or see `recipes {recipe.id}`."
        )
    chosen = library.variant(recipe, variant)
    values = merged(recipe.settings, chosen.settings)
    if size == "short":
        values = _shortened(values, recipe.short)
    if size == "smoke":
        values = _smoke(values)
    if pretrained and needs_imagenet(recipe, variant):
        values = merged(values, {"start": {"source": "checkpoint", "run": pretrained}})
    title = f"{recipe.id} {variant}" + ("" if size == "full" else f" ({size})")
    return RunConfig.parse(dict(values) | {"title": title, "seed": seed})


def needs_imagenet(recipe: Recipe, variant: str) -> bool:
    """Whether it starts from weights that have to be fetched."""
    settings = merged(recipe.settings, library.variant(recipe, variant).settings)
    return bool(settings.get("start", {}).get("source") == "imagenet")


def differences(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """Settings in which the variants differ, as they are in each: by variant, then by dotted key."""
    settings = {name: flat(configuration(recipe, name)) for name in library.variants(recipe)}
    keys = differing(settings)
    return {name: {key: values.get(key) for key in keys} for name, values in settings.items()}


def _shortened(values: Settings, short: Settings) -> Settings:
    """`values` with fewer images and epochs; never more epochs than they had."""
    shorter = merged(values, short)
    return dict(shorter) | {"epochs": min(_number(values, "epochs"), _number(shorter, "epochs"))}


def _smoke(values: Settings) -> Settings:
    """`values` on a few images that are always there, for one epoch and from random weights."""
    data = values.get("data", {})
    side = _SMALLEST.get(values.get("network", {}).get("name"))
    tiny: dict[str, Any] = {"name": _STAND_INS.get(data.get("name"), "shapes")}
    if side or data.get("size"):
        tiny["size"] = side or 32
    small = merged(values, merged(_SMOKE, {"data": tiny}))
    return dict(small) | {"epochs": 1, "batch_size": min(4, _number(values, "batch_size"))}


def _number(values: Settings, name: str) -> int:
    """A setting, or its default where the recipe leaves it out."""
    return int(values.get(name, RunConfig.model_fields[name].default))
