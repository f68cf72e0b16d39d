"""A variant: settings that differ from what is shared, and how they are typed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from cnnviz.config.words import setting_value

Settings = Mapping[str, JsonValue]
"""Values by dotted setting, as `with_settings` names them."""


@dataclass(frozen=True)
class Variant:
    """Settings that differ from the base."""

    settings: Settings
    label: str = ""
    """What it is called, where it has a name of its own."""
    title: str = ""
    """What its runs are called then."""

    @property
    def name(self) -> str:
        """network.dropout=0.2, epochs=5, as one types it; or its label."""
        return (
            self.label or ", ".join(f"{key}={text(value)}" for key, value in self.settings.items()) or "base"
        )

    def value(self, key: str) -> str:
        """A setting as a person writes it; a dash where it is not changed."""
        return setting_value(key, self.settings[key]) if key in self.settings else "–"

    def number(self, key: str) -> float | None:
        """A setting where it is a number."""
        found: Any = self.settings.get(key)
        return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def values(words: str) -> tuple[JsonValue, ...]:
    """The values in a text: 0, 0.2, 0.5 or relu,gelu or [16],[32,32]."""
    try:
        return tuple(json.loads(f"[{words}]"))
    except (ValueError, RecursionError):
        return tuple(value(one) for one in words.split(",") if one.strip())


def value(word: str) -> JsonValue:
    """The value in a text: JSON, or the text itself."""
    try:
        found: JsonValue = json.loads(word)
    except (ValueError, RecursionError):
        return word.strip()
    return found


def text(value: JsonValue) -> str:
    """A value as one types it."""
    return value if isinstance(value, str) else json.dumps(value)
