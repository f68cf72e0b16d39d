"""`recipes`: the reports' experiments, and what is known of each."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cnnviz.cli.answer import answer, table
from cnnviz.cli.options import Json
from cnnviz.recipes import convolution, library, plan, results_table
from cnnviz.recipes.assessment import Assessment, assess
from cnnviz.recipes.recipe import Recipe, Size
from cnnviz.recipes.results import RecipeRuns, recipe_runs
from cnnviz.runs.outcome import summary

SizeOption = Annotated[
    Size,
    typer.Option(
        help="full: as reported; short: minutes on two cores; smoke: seconds, on data that is always there."
    ),
]
Seeds = Annotated[int, typer.Option(min=1, max=100, help="Runs of each variant, with seeds 0, 1, 2 …")]
Variants = Annotated[
    list[str] | None, typer.Option("--variant", help="Only this one; repeatable. Without it: all.")
]
Pretrained = Annotated[
    str | None,
    typer.Option(
        metavar="RUN", help="A run of the bench to start from where the recipe starts from ImageNet."
    ),
]


def recipes(
    recipe: Annotated[str | None, typer.Argument(metavar="[RECIPE]", help="Show all about this one.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """List the reports' experiments, or show one: question, settings, reported beside measured."""
    runs = recipe_runs()
    if recipe is not None:
        found = library.find(recipe)
        answer(_document(found, runs), _text(found, runs), as_json=as_json)
        return
    listed = list(library.every().values())
    rows = [["RECIPE", "VARIANTS", "RUN", "TITLE"]]
    for one in listed:
        assessed = assess(one, runs)
        done = sum(variant.counts for variant in assessed)
        rows.append([one.id, str(len(assessed) or "–"), str(done) if assessed else one.kind, one.title])
    answer([_document(one, runs) for one in listed], table(rows), as_json=as_json)


def _document(recipe: Recipe, runs: RecipeRuns) -> dict[str, Any]:
    whole = recipe.model_dump(
        mode="json", exclude_defaults=True, exclude={"variant", "axis", "settings", "short"}
    )
    return whole | {
        "kind": recipe.kind,
        "variants": [_variant(one) for one in assess(recipe, runs)],
    }


def _variant(assessment: Assessment) -> dict[str, Any]:
    recipe, name, outcomes = assessment.recipe, assessment.variant.id, assessment.outcomes
    measured: dict[str, Mapping[str, Any]] = {}
    for figure in outcomes[0].figures if outcomes else ():
        if one := summary(outcomes, figure):
            measured[figure] = {"mean": one.mean, "standard_deviation": one.deviation, "seeds": one.seeds}
    return {
        "id": name,
        "differs_in": plan.differences(recipe)[name],
        "config": plan.configuration(recipe, name).model_dump(mode="json"),
        "reported": assessment.variant.reported.model_dump(mode="json", exclude_defaults=True),
        "size": assessment.size if outcomes else None,
        "measured": measured,
        "runs": [one.run.id for one in outcomes],
        "same_run_as": assessment.same_run or None,
        "verdict": {"state": assessment.verdict.state, "words": assessment.verdict.words},
    }


def _text(recipe: Recipe, runs: RecipeRuns) -> str:
    parts = [f"{recipe.id}: {recipe.title}", recipe.question, f"{recipe.theory.strip()} ({recipe.source})"]
    if recipe.claim:
        parts.append(f"Claimed: {recipe.claim}")
    for text in (recipe.note, recipe.finding):
        if text:
            parts.append(text.strip())
    if recipe.assumed:
        parts.append(f"Assumed: {'; '.join(recipe.assumed)}.")
    if recipe.lesson:
        found = recipe.lesson
        parts.append(table(convolution.table(convolution.output(found))))
        parts += [
            f"row {r + 1}, column {c + 1}: {convolution.arithmetic(found, r, c)}"
            for r, c in convolution.wrong(found)
        ]
        parts += [f"{one.question} {one.answer}" for one in found.questions]
    rows = [["VARIANT", "REPORTED", "MEASURED", "SIZE", "VERDICT"]]
    for one in assess(recipe, runs):
        figures = results_table.side_by_side(one.variant.reported, one.outcomes)
        rows.append([one.variant.id, *figures, one.size if one.outcomes else "–", one.verdict.words])
    if len(rows) > 1:
        parts.append(table(rows))
    return "\n\n".join(parts)
