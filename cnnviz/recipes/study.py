"""A recipe as a study, so that its runs are made as those of any other."""

from collections.abc import Sequence
from textwrap import shorten

from cnnviz.config import RunConfig
from cnnviz.config.comparison import changes, identity
from cnnviz.recipes import library, plan
from cnnviz.recipes.recipe import Recipe, Size
from cnnviz.recipes.results import RecipeRuns
from cnnviz.studies.definition import Listing, Study

QUICK = 300.0
"""Seconds: a run that takes less is made with several seeds, where nobody says how many."""
_SEEDS = 3
_TITLE = 60


def study(
    recipe: Recipe,
    *,
    variants: Sequence[str] = (),
    size: Size = "full",
    seeds: int = 1,
    pretrained: str | None = None,
) -> Study:
    """The study of some variants, all where none is named; of those that are alike at this size, the first.

    Raises NotFound and ConfigError as `plan.configuration` does.
    """
    names = list(library.variants(recipe))
    base = plan.configuration(recipe, names[0], size=size, pretrained=pretrained)
    wanted = dict[str, tuple[str, RunConfig]]()
    for name in variants or names:
        config = plan.configuration(recipe, name, size=size, pretrained=pretrained)
        wanted.setdefault(identity(config), (name, config))
    what = "" if size == "full" else f" ({size})"
    return Study(
        title=shorten(f"{recipe.id} {recipe.title}", _TITLE - len(what), placeholder=" …") + what,
        base=base.model_copy(update={"title": recipe.id}),
        vary=Listing(
            settings=tuple(changes(base, config) for _, config in wanted.values()),
            titles={name: config.title for name, config in wanted.values()},
        ),
        seeds=seeds,
        recipe=recipe.id,
    )


def study_id(recipe: Recipe, *, size: Size, pretrained: str | None) -> str:
    """The one study of a recipe at a size: what is asked of it last. Ids that are made from titles have no dot."""
    return ".".join([recipe.id, size, *([pretrained] if pretrained else [])])


def seconds(
    recipe: Recipe, variant: str, recipe_runs: RecipeRuns, *, size: Size, pretrained: str | None
) -> float | None:
    """What the fastest run of a variant took, None before there is one: others may have shared the machine."""
    outcomes = recipe_runs.outcomes(recipe, variant, size=size, pretrained=pretrained)
    return min((one.figures["seconds"] for one in outcomes), default=None)


def default_seeds(seconds: float | None) -> int:
    """Runs of a variant that takes so long; one where nobody knows."""
    return _SEEDS if seconds is not None and seconds < QUICK else 1
