"""What a search may try: ranges of settings, a sampler that proposes, a pruner that gives up early."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, JsonValue, PositiveInt, model_validator

from cnnviz.config import Seed, Strict
from cnnviz.studies.variant import Variant, text, values

_RANGE = re.compile(r"(log:)?\s*([^.\s]\S*?)\.\.(\S+)")


class Range(Strict):
    """Numbers from `low` to `high`; whole ones, if both are."""

    low: int | float
    high: int | float
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if not self.low < self.high:
            raise ValueError(
                f"a range goes from a number to a larger one (got {self.low:g} to {self.high:g})"
            )
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"a logarithmic range begins above 0 (got {self.low:g})")
        return self

    @property
    def corners(self) -> tuple[JsonValue, ...]:
        """Values that stand for all others where it is checked whether they can be run."""
        return self.low, self.high

    def has(self, value: JsonValue) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


class Choices(Strict):
    """Some values."""

    choices: Annotated[tuple[JsonValue, ...], Field(min_length=1, max_length=100)]

    @property
    def corners(self) -> tuple[JsonValue, ...]:
        return self.choices

    def has(self, value: JsonValue) -> bool:
        return text(value) in map(text, self.choices)


class Search(Strict):
    """Trials, each proposed from what the earlier ones gave."""

    kind: Literal["search"] = "search"
    settings: Annotated[dict[str, Range | Choices], Field(min_length=1, max_length=50)]
    """What is tried, by dotted setting."""
    trials: PositiveInt = 20
    sampler: Literal["random", "tpe"] = "tpe"
    """TPE proposes what resembles the better trials (Bergstra et al. 2011), after ten at random."""
    pruner: Literal["none", "median", "hyperband"] = "none"
    """Whether a trial that is worse than others were at its epoch ends early."""
    seed: Seed = 0
    """Decides what is drawn; that of runs is the base's."""

    @property
    def count(self) -> int:
        return self.trials

    @property
    def varied(self) -> list[str]:
        return list(self.settings)

    def has(self, trial: Variant) -> bool:
        """Whether it may have proposed that."""
        settings = trial.settings
        return settings.keys() == self.settings.keys() and all(
            one.has(settings[key]) for key, one in self.settings.items()
        )

    def variants(self) -> Iterator[Variant]:
        """None that is known beforehand: variants that stand for all others, each at one end of one setting."""
        first = {key: one.corners[0] for key, one in self.settings.items()}
        yield Variant(first)
        for key, one in self.settings.items():
            for value in one.corners[1:]:
                yield Variant(first | {key: value})


def space(words: str) -> Range | Choices:
    """What a text says: 0..0.5, log:1e-4..0.1, or relu,gelu. Raises ValidationError for an empty range."""
    found = _RANGE.fullmatch(words.strip())
    if not found:
        return Choices(choices=values(words))
    log, low, high = found.groups()
    (first,), (last,) = values(low), values(high)
    return Range.model_validate({"low": first, "high": last, "scale": "log" if log else "linear"})
