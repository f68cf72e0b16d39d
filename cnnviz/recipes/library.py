"""All recipes, read from the TOML files beside this one."""

import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cnnviz.config import Strict, explain
from cnnviz.errors import ConfigError, NotFound
from cnnviz.recipes.recipe import Choice, Recipe, Settings, Variant

_FOLDER = Path(__file__).parent
_OWN = frozenset(
    {
        "id",
        "base",
        "variant",
        "axis",
        "view",
        "parameters",
        "layer_parameters",
        "claim",
        "note",
        "finding",
        "proof",
    }
)
"""What a recipe does not take over from the one it is based on."""


class Report(Strict):
    """One report: a file of recipes."""

    report: str
    title: str
    recipes: tuple[Recipe, ...]


@cache
def reports() -> tuple[Report, ...]:
    """All reports, in order."""
    return tuple(read(path) for path in sorted(_FOLDER.glob("*.toml")))


def every() -> dict[str, Recipe]:
    """All recipes by id, in the order of the reports."""
    return {recipe.id: recipe for report in reports() for recipe in report.recipes}


def find(name: str) -> Recipe:
    """The recipe of that id. Raises NotFound with the nearest ones."""
    recipes = every()
    if name not in recipes:
        raise NotFound("recipe", name, available=recipes)
    return recipes[name]


def variants(recipe: Recipe) -> dict[str, Variant]:
    """The variants of a recipe by id: those it lists, then each combination of its axes."""
    listed = {variant.id: variant for variant in recipe.variant}
    if not recipe.axis:
        return listed
    grid = (combined(choices) for choices in product(*(axis.choices for axis in recipe.axis)))
    return listed | {variant.id: variant for variant in grid}


def variant(recipe: Recipe, name: str) -> Variant:
    """The variant of that id. Raises NotFound with the nearest ones."""
    found = variants(recipe)
    if name not in found:
        raise NotFound(f"variant of {recipe.id}", name, available=found)
    return found[name]


def combined(choices: tuple[Choice, ...]) -> Variant:
    """The variant of a grid in which these choices meet."""
    settings: Settings = {}
    for choice in choices:
        settings = merged(settings, choice.settings)
    return Variant(id="+".join(choice.id for choice in choices), settings=settings)


def merged(base: Settings, change: Settings) -> Settings:
    """`base` with the values of `change`; a part that gets another name or source starts afresh."""
    result: dict[str, Any] = dict(base)
    for key, value in change.items():
        old = result.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            kind = next((name for name in ("name", "source") if name in value), None)
            afresh = kind is not None and key != "data" and value[kind] != old.get(kind)
            result[key] = dict(value) if afresh else merged(old, value)
        else:
            result[key] = value
    return result


def read(path: Path) -> Report:
    """The report in one file.

    Raises ConfigError with the file and what is wrong in it.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        common = values.pop("settings", {})
        found: dict[str, dict[str, Any]] = {}
        for item in values.pop("recipe", []):
            found[item.get("id", "")] = _whole(item, common, found)
        return Report.model_validate(values | {"recipes": tuple(found.values())})
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not TOML: {error}.") from None
    except ValidationError as error:
        raise ConfigError(f"{path.name}: {explain(error)}") from None


def _whole(item: dict[str, Any], common: Settings, earlier: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """A recipe with what it takes over: from the one it is based on, or the settings of its report."""
    base = item.pop("base", None)
    if base is None:
        return item | (
            {"settings": merged(common, item.get("settings", {}))}
            if "look" not in item and "lesson" not in item
            else {}
        )
    if base not in earlier:
        raise ConfigError(f"{item.get('id')} is based on {base!r}, which has to come before it in the file.")
    inherited = {key: value for key, value in earlier[base].items() if key not in _OWN}
    return inherited | item | {"settings": merged(inherited["settings"], item.get("settings", {}))}
