"""A study: a configuration, what varies in it, and how often each variant is run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, product
from math import prod
from typing import Annotated, Literal

from pydantic import Field, JsonValue, PositiveInt, model_validator

from cnnviz.config import RunConfig, Strict, with_settings
from cnnviz.config.comparison import SET_BY_MACHINE, identity
from cnnviz.config.words import setting_titles
from cnnviz.errors import ConfigError
from cnnviz.studies.search_space import Search
from cnnviz.studies.variant import Variant

CONFIRMED_FROM = 500
"""A study of more runs than this has to be confirmed."""
MOST = 100_000
"""Runs of a study."""
_NOT_VARIED = {"seed": "say how many seeds", "title": "it belongs to the study"}

Objective = Literal["validation_accuracy", "validation_loss"]
FIGURES: Mapping[Objective, str] = {
    "validation_accuracy": "best_validation_accuracy",
    "validation_loss": "lowest_validation_loss",
}
"""The figure of an outcome that an objective looks at: that of the best epoch. It is never the test's."""


class Grid(Strict):
    """Every combination of some values."""

    kind: Literal["grid"] = "grid"
    settings: Annotated[dict[str, Annotated[tuple[JsonValue, ...], Field(min_length=1)]], Field(min_length=1)]
    """Values by dotted setting."""

    @property
    def count(self) -> int:
        return prod(len(values) for values in self.settings.values())

    @property
    def varied(self) -> list[str]:
        return list(self.settings)

    def variants(self) -> Iterator[Variant]:
        for values in product(*self.settings.values()):
            yield Variant(dict(zip(self.settings, values, strict=True)))


class Listing(Strict):
    """Variants one by one."""

    kind: Literal["list"] = "list"
    settings: Annotated[tuple[dict[str, JsonValue], ...], Field(min_length=1)]
    """What each variant changes, by dotted setting; nothing for the base itself."""
    titles: dict[str, str] = Field(default_factory=dict)
    """What each is called, and its runs; without any, as what it changes."""

    @model_validator(mode="after")
    def _all_or_none_have_a_title(self) -> Listing:
        if len(self.titles) not in (0, len(self.settings)):
            raise ValueError(f"{len(self.titles)} titles are not those of {len(self.settings)} variants")
        return self

    @property
    def count(self) -> int:
        return len(self.settings)

    @property
    def varied(self) -> list[str]:
        return list(dict.fromkeys(key for one in self.settings for key in one))

    def variants(self) -> Iterator[Variant]:
        names = self.titles or {"": ""}
        yield from map(Variant, self.settings, cycle(names), cycle(names.values()))


class Study(Strict):
    """`study.json`: what is compared with what."""

    format: Literal[1] = 1
    title: Annotated[str, Field(min_length=1, max_length=60)]
    base: RunConfig
    """What all variants share; its seed is the first."""
    vary: Annotated[Grid | Listing | Search, Field(discriminator="kind")]
    seeds: Annotated[PositiveInt, Field(le=1000)] = 1
    """Runs of each variant."""
    objective: Objective = "validation_accuracy"
    """What is looked at where variants are compared: always of the validation images."""
    recipe: str = ""
    """The experiment of a report that it runs; what is archived of that counts, too."""

    @model_validator(mode="after")
    def _of_a_size(self) -> Study:
        for key in self.vary.varied:
            if key in _NOT_VARIED:
                raise ValueError(f"the {key} can't be varied: {_NOT_VARIED[key]}")
        if isinstance(self.vary, Search) and self.vary.pruner != "none" and self.seeds > 1:
            raise ValueError("a pruner gives up trials by one run each: take one seed, or no pruner")
        if self.count > MOST:
            raise ValueError(f"{self.count:,} runs are more than a study may have ({MOST:,})")
        return self

    @property
    def count(self) -> int:
        """Runs that it is made of."""
        return self.vary.count * self.seeds

    @property
    def ways(self) -> list[str]:
        """Settings of the way to compute that vary, so that runs are told apart by them."""
        return [name for name in SET_BY_MACHINE if name in self.vary.varied]

    @cached_property
    def titles(self) -> dict[str, str]:
        """The settings that vary as a person writes them, by dotted key."""
        return setting_titles(self.vary.varied)

    def words(self, variant: Variant) -> str:
        """Dropout 0.2, Epochs 5; or what a variant is called, where it has a name."""
        titles = self.titles
        parts = (f"{titles[key]} {variant.value(key)}" for key in variant.settings)
        return variant.label or ", ".join(parts) or "Nothing changed"

    @property
    def figure(self) -> str:
        """Of an outcome: what the objective looks at."""
        return FIGURES[self.objective]


@dataclass(frozen=True)
class Task:
    """One run of a study."""

    variant: Variant
    config: RunConfig


def confirm(study: Study, *, confirmed: bool) -> None:
    """Nothing, if the study is small or its size was confirmed. Raises ConfigError with the size."""
    if study.count > CONFIRMED_FROM and not confirmed:
        raise ConfigError(
            f"The study {study.title!r} has {study.count:,} runs ({study.vary.count:,} variants × {study.seeds:,} "
            "seeds): confirm the size (--yes), or vary less."
        )


def tasks(study: Study, trials: Sequence[Variant] | None = None) -> list[Task]:
    """The runs of a study, those of the first seed first.

    Of a search, those of its `trials`, else some that stand for all. Raises ConfigError that names the variant that
    can't be run, or is there twice.
    """
    variants = list(study.vary.variants()) if trials is None else trials
    bases, known = list[RunConfig](), dict[str, str]()
    for variant in variants:
        config = _configuration(study, variant)
        first = known.setdefault(identity(config, ways=study.ways), variant.name)
        if trials is None and len(known) == len(bases):
            raise ConfigError(f"{first} and {variant.name} are the same: leave one of them out.")
        bases.append(config)
    return [
        Task(variant, config.model_copy(update={"seed": study.base.seed + number}))
        for number in range(study.seeds)
        for variant, config in zip(variants, bases, strict=True)
    ]


def _configuration(study: Study, variant: Variant) -> RunConfig:
    try:
        config = with_settings(study.base, {name: json.dumps(one) for name, one in variant.settings.items()})
    except ConfigError as error:
        raise ConfigError(f"{variant.name}: {error}") from None
    return config.model_copy(update={"title": variant.title or f"{study.title}: {study.words(variant)}"[:80]})
