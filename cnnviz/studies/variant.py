"""A variant: settings that differ from what is shared, and how they are typed."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

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
        """network.dropout=0.2, epochs=5; or its label."""
        return (
            self.label or ", ".join(f"{key}={text(value)}" for key, value in self.settings.items()) or "base"
        )

    @property
    def short(self) -> str:
        """dropout=0.2, epochs=5: by the settings' own names, and by whole ones where two share a name."""
        own = {key: _own(key) for key in self.settings}
        count = Counter(own.values())
        parts = (
            f"{own[key] if count[own[key]] == 1 else key}={text(value)}"
            for key, value in self.settings.items()
        )
        return ", ".join(parts) or "base"


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


def _own(key: str) -> str:
    """dropout of network.dropout; network of network.name, which is what it is."""
    part, _, name = key.rpartition(".")
    return part if part and name in ("name", "source") else name


def text(value: JsonValue) -> str:
    """A value as one types it."""
    return value if isinstance(value, str) else json.dumps(value)
