"""All settings of a configuration, as `--set` takes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from cnnviz.config.run import RunConfig
from cnnviz.config.strict import Strict
from cnnviz.config.words import CHOOSES


@dataclass(frozen=True)
class ConfigSetting:
    """One value of a configuration."""

    key: str
    """Dotted, as `--set` takes it."""
    value: Any
    """As in JSON."""
    choices: tuple[str, ...]
    """What it can be, where that is a list."""
    description: str

    @property
    def explanation(self) -> str:
        """Choices and description in one line."""
        return "  ".join(filter(None, [" | ".join(self.choices), self.description]))


def settings_of(config: RunConfig) -> list[ConfigSetting]:
    """The settings that apply to `config`, in order: those of its own network, optimiser and so on."""
    return list(_walk(config, ""))


def options_of(kind: type[Strict]) -> list[ConfigSetting]:
    """The settings of one kind of network (or optimiser, …) with their defaults."""
    return [setting for setting in _walk(kind(), "") if setting.key not in CHOOSES]


def kinds_of(field: str) -> dict[str, type[Strict]]:
    """What `network`, `optimiser`, … of a configuration can be, by name."""
    kinds = _kinds(RunConfig.model_fields[field].annotation)
    return {_tag(kind): kind for kind in kinds}


def _walk(part: Strict, prefix: str) -> Iterator[ConfigSetting]:
    values = part.model_dump(mode="json")
    fields = sorted(type(part).model_fields.items(), key=lambda item: bool(prefix) and item[0] not in CHOOSES)
    for name, field in fields:
        value, key = getattr(part, name), f"{prefix}{name}"
        kinds = _kinds(field.annotation)
        if isinstance(value, Strict):
            siblings = tuple(_tag(kind) for kind in kinds) if len(kinds) > 1 else ()
            for found in _walk(value, f"{key}."):
                chooses = siblings and found.key in {f"{key}.{chooser}" for chooser in CHOOSES}
                yield ConfigSetting(found.key, found.value, siblings, found.description) if chooses else found
            continue
        choices = tuple(_tag(kind) for kind in kinds) if len(kinds) > 1 else _choices(field.annotation)
        yield ConfigSetting(key, values[name], choices, field.description or "")


def _kinds(annotation: Any) -> list[type[Strict]]:
    """The kinds of part that an annotation allows, in order; none for plain values."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return [annotation] if annotation.offered else []
    if get_origin(annotation) in (Union, UnionType, tuple, Annotated):
        return [kind for inner in get_args(annotation) for kind in _kinds(inner)]
    return []


def _choices(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return ("true", "false")
    return tuple(map(str, get_args(annotation))) if get_origin(annotation) is Literal else ()


def _tag(kind: type[Strict]) -> str:
    for chooser in CHOOSES:
        if chooser in kind.model_fields:
            return str(get_args(kind.model_fields[chooser].annotation)[0])
    return kind.__name__
