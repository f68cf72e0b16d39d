"""Configurations beside each other: whether they are of one experiment, and in which settings they differ."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from cnnviz.config.run import RunConfig

SET_BY_MACHINE = ("device", "precision", "memory_format", "compile")
"""Settings of the way to compute, which do not make another experiment."""
_DEFAULTS = {name: RunConfig.model_fields[name].default for name in ("title", "seed", *SET_BY_MACHINE)}


def identity(config: RunConfig, *, ways: Collection[str] = ()) -> str:
    """Equal for two configurations of one experiment, whatever their seed, title or way to compute, but for `ways`."""
    ignored = {name: value for name, value in _DEFAULTS.items() if name not in ways}
    return config.model_copy(update=ignored).model_dump_json()


def flat(config: RunConfig) -> dict[str, Any]:
    """All settings but the title, as in JSON, by dotted key."""
    return _flat(config.model_dump(mode="json", exclude={"title"}))


def changes(base: RunConfig, config: RunConfig) -> dict[str, Any]:
    """What `with_settings` has to replace in `base` to make `config`, but for title and seed."""
    before, after = flat(base), flat(config)
    # A part that gets another name or source starts afresh there: all of it has to be said.
    afresh = tuple(
        f"{part}."
        for part, _, key in (name.rpartition(".") for name in after)
        if key in ("name", "source")
        and part != "data"
        and before.get(f"{part}.{key}") != after[f"{part}.{key}"]
    )
    return {
        key: value
        for key, value in after.items()
        if key != "seed" and (key.startswith(afresh) or key not in before or before[key] != value)
    }


def differing(settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Keys that are not the same in all of these, in order; what one lacks counts as None."""
    keys = dict.fromkeys(key for values in settings.values() for key in values)
    return [key for key in keys if len({repr(values.get(key)) for values in settings.values()}) > 1]


def setting_text(value: Any, words: Callable[[str], str] = str) -> str:
    """A setting's value in a cell of a table; `words` writes the names of its kinds."""
    if isinstance(value, list | tuple):
        return " + ".join(setting_text(item, words) for item in value) or "none"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{item:g}" for item in value.values() if isinstance(item, int | float))
        return f"{words(str(value.get('name', '')))} {inner}".strip()
    if value is None:
        return "–"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flat(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{key}.")
        else:
            found[before + key] = value
    return found
