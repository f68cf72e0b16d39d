"""What is known of each variant of a recipe: for the page, the command line and `docs/reproduction.md` alike."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from cnnviz.config.comparison import identity
from cnnviz.diagnosis.noise import SeedSpread, seed_spread
from cnnviz.recipes import library, plan
from cnnviz.recipes.recipe import COMPARED_SIZES, Recipe, Reported, Size, Variant
from cnnviz.recipes.results import RecipeRuns
from cnnviz.recipes.verdict import Verdict, judged_figures, verdict
from cnnviz.runs.outcome import Outcome


@dataclass(frozen=True)
class Assessment:
    """One variant, as far as it has been run."""

    recipe: Recipe
    variant: Variant
    size: Size
    outcomes: tuple[Outcome, ...]
    verdict: Verdict
    same_run: str = ""
    """Another recipe and variant of the same configuration, with which its runs are counted."""

    @property
    def counts(self) -> bool:
        """Whether its runs are counted here."""
        return bool(self.outcomes) and not self.same_run


def assess(
    recipe: Recipe,
    recipe_runs: RecipeRuns,
    *,
    size: Size | None = None,
    pretrained: str | None = None,
) -> list[Assessment]:
    """All variants of a recipe, at that size, or each at the largest at which it was run."""
    variants = library.variants(recipe).values()
    sizes = (size,) if size else COMPARED_SIZES
    by_size = {
        one: {
            variant.id: recipe_runs.outcomes(recipe, variant.id, size=one, pretrained=pretrained)
            for variant in variants
        }
        for one in sizes
    }
    result = []
    for variant in variants:
        at = next((one for one in sizes if by_size[one][variant.id]), sizes[0])
        outcomes = by_size[at][variant.id]
        spreads = _spreads(recipe, variant, by_size[at], at)
        said = verdict(recipe, variant.reported, outcomes, size=at, pretrained=pretrained, spreads=spreads)
        same = _earlier(recipe, variant, at) if outcomes and not pretrained else ""
        if same:
            said = Verdict(said.state, f"{said.words} The run is that of {same}.")
        result.append(Assessment(recipe, variant, at, tuple(outcomes), said, same))
    return result


def _spreads(
    recipe: Recipe, variant: Variant, outcomes: dict[str, list[Outcome]], size: Size
) -> dict[str, SeedSpread]:
    """How far seeds scatter, by figure: in the other variants, else where the report has one experiment twice."""
    found = {}
    for figure in judged_figures(variant.reported):
        groups = [[one.figures[figure] for one in those] for those in outcomes.values()]
        spread = seed_spread(groups, "the other variants")
        if spread is None and size == "full":
            spread = seed_spread(_reported(recipe, figure), "the report's own repetitions")
        if spread is not None:
            found[figure] = spread
    return found


def _reported(recipe: Recipe, figure: str) -> list[list[float]]:
    """What the report says of this recipe's experiments where it has one twice; a figure that it repeats is one."""
    groups = []
    for same in _by_configuration("full").values():
        if any(name == recipe.id for name, _ in same):
            values = (
                getattr(library.variant(library.find(name), one).reported, figure) for name, one in same
            )
            groups.append(sorted({value for value in values if value is not None}))
    return groups


def _earlier(recipe: Recipe, variant: Variant, size: Size) -> str:
    experiment = identity(plan.configuration(recipe, variant.id, size=size))
    name, first = _by_configuration(size)[experiment][0]
    return "" if (name, first) == (recipe.id, variant.id) else f"{name} {first}"


@cache
def _by_configuration(size: Size) -> dict[str, list[tuple[str, str]]]:
    """Recipes and variants by what is run for them; those of which the report says something first."""
    result = defaultdict(list)
    for recipe in library.every().values():
        for name in library.variants(recipe) if recipe.kind == "train" else ():
            result[identity(plan.configuration(recipe, name, size=size))].append((recipe.id, name))
    return {
        key: sorted(those, key=lambda one: not _reports(library.variant(library.find(one[0]), one[1])))
        for key, those in result.items()
    }


def _reports(variant: Variant) -> bool:
    """Whether the report has an accuracy of it."""
    return any(
        getattr(variant.reported, name) is not None for name in Reported.model_fields if "accuracy" in name
    )
