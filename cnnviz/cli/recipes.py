"""`recipes`: the reports' experiments, and what is known of each."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cnnviz.cli.answer import Json, answer, table
from cnnviz.recipes import convolution, library, plan, results_table
from cnnviz.recipes.recipe import Recipe, Size
from cnnviz.recipes.results import RunsByConfiguration, shelf, summary
from cnnviz.recipes.verdict import verdict

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
    runs = shelf()
    if recipe is not None:
        found = library.find(recipe)
        answer(_document(found, runs), _text(found, runs), as_json=as_json)
        return
    listed = list(library.every().values())
    rows = [["RECIPE", "VARIANTS", "RUN", "TITLE"]]
    for one in listed:
        names = library.variants(one)
        done = sum(bool(results_table.best(runs, one, name)[1]) for name in names)
        rows.append([one.id, str(len(names) or "–"), str(done) if names else one.kind, one.title])
    answer([_document(one, runs) for one in listed], table(rows), as_json=as_json)


def _document(recipe: Recipe, runs: RunsByConfiguration) -> dict[str, Any]:
    whole = recipe.model_dump(
        mode="json", exclude_defaults=True, exclude={"variant", "axis", "settings", "short"}
    )
    return whole | {
        "kind": recipe.kind,
        "variants": [_variant(recipe, name, runs) for name in library.variants(recipe)],
    }


def _variant(recipe: Recipe, name: str, runs: RunsByConfiguration) -> dict[str, Any]:
    found = library.variant(recipe, name)
    size, outcomes = results_table.best(runs, recipe, name)
    measured: dict[str, Mapping[str, Any]] = {}
    for figure in outcomes[0].figures if outcomes else ():
        if one := summary(outcomes, figure):
            measured[figure] = {"mean": one.mean, "standard_deviation": one.deviation, "seeds": one.seeds}
    said = verdict(recipe, found.reported, outcomes, size=size)
    return {
        "id": name,
        "differs_in": plan.differences(recipe)[name],
        "config": plan.configuration(recipe, name).model_dump(mode="json"),
        "reported": found.reported.model_dump(mode="json", exclude_defaults=True),
        "size": size if outcomes else None,
        "measured": measured,
        "runs": [one.run.id for one in outcomes],
        "verdict": {"state": said.state, "words": said.words},
    }


def _text(recipe: Recipe, runs: RunsByConfiguration) -> str:
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
            f"row {r + 1}, column {c + 1}: {convolution.worked(found, r, c)}"
            for r, c in convolution.wrong(found)
        ]
        parts += [f"{one.question} {one.answer}" for one in found.questions]
    rows = [["VARIANT", "REPORTED", "MEASURED", "SIZE", "VERDICT"]]
    for variant in library.variants(recipe).values():
        size, outcomes = results_table.best(runs, recipe, variant.id)
        said = verdict(recipe, variant.reported, outcomes, size=size)
        rows.append(
            [
                variant.id,
                *results_table.side_by_side(variant.reported, outcomes),
                size if outcomes else "–",
                said.words,
            ]
        )
    if len(rows) > 1:
        parts.append(table(rows))
    return "\n\n".join(parts)
