"""`reproduce`: the reports' experiments run again, as far as they have not been."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cnnviz import atomic, workspace
from cnnviz.cli.answer import answer, tell
from cnnviz.cli.document import how_it_ended
from cnnviz.cli.follow import watch
from cnnviz.cli.options import Json
from cnnviz.cli.recipes import Pretrained, Seeds, SizeOption, Variants
from cnnviz.cli.train import fits
from cnnviz.errors import CnnvizError
from cnnviz.recipes import library, reproduction, results_table
from cnnviz.recipes.depth import depths
from cnnviz.recipes.recipe import COMPARED_SIZES, Recipe
from cnnviz.recipes.reproduction import Task
from cnnviz.recipes.results import RecipeRuns, recipe_runs, reproduction_runs
from cnnviz.runs import control


def reproduce(
    recipes: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RECIPE…]", help="Recipes, in this order. Without any: all."),
    ] = None,
    *,
    variant: Variants = None,
    size: SizeOption = "full",
    seeds: Seeds = 1,
    pretrained: Pretrained = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Keep the figures, and write docs/reproduction.md from all that are kept."
        ),
    ] = False,
    run: Annotated[
        bool,
        typer.Option("--run/--no-run", help="With --no-run nothing is run: --write takes what there is."),
    ] = True,
    as_json: Json = False,
) -> None:
    """Run what is missing of some recipes, one run after the other. Ctrl-C stops; the same command goes on."""
    chosen = [library.find(name) for name in recipes] if recipes else list(library.every().values())
    planned = reproduction.tasks(
        chosen, variants=variant or (), size=size, seeds=seeds, pretrained=pretrained
    )
    missing = list(reproduction.missing(planned, recipe_runs()))
    todo = missing if run else []
    tell(f"{len(planned):,} runs, of which {len(missing):,} are to be made.")
    failed: dict[str, str] = {}
    for number, task in enumerate(todo, start=1):
        tell(f"\n{number} of {len(todo)}: {task.config.title}, seed {task.config.seed}")
        if reason := _made(task, archive=write):
            failed[f"{task.recipe.id} {task.variant}, seed {task.config.seed}"] = reason
            tell(reason)
    path = _written(chosen) if write else None
    document: dict[str, Any] = {
        "planned": len(planned),
        "made": len(todo) - len(failed),
        "failed": failed,
        "written": str(path) if path else None,
    }
    text = f"{len(todo) - len(failed)} runs made, {len(planned) - len(missing)} were there, {len(failed)} failed."
    answer(document, text + (f" Written: {path}." if path else ""), as_json=as_json)
    if failed:
        raise typer.Exit(1)


def _made(task: Task, *, archive: bool) -> str:
    """Make one run; why it could not be made, or nothing. Ctrl-C stops it and leaves."""
    try:
        fits(task.config)
        run = reproduction.begin(task, recipe_runs())
        watch(run)
    except CnnvizError as error:
        return str(error)
    except KeyboardInterrupt:
        tell("Stopping; the same command goes on from here …")
        same = [run for run in recipe_runs().same(task.config) if run.status().active]
        control.stop_all(run.id for run in same)
        raise typer.Exit(130) from None
    if archive:
        reproduction.archive(run)
    status = run.status()
    return "" if status.state == "finished" else how_it_ended(run, status)


def _written(chosen: list[Recipe]) -> Path:
    """Keep the figures of the runs of `chosen`, and write the page of all that are archived."""
    runs = recipe_runs()
    for recipe in chosen:
        for name in library.variants(recipe):
            for size in COMPARED_SIZES:
                found = [one.run for one in runs.outcomes(recipe, name, size=size)]
                # Of what never came to an end, the last failure says why.
                failed = [run for run in runs.runs(recipe, name, size=size) if run.status().state == "failed"]
                for run in found or failed[:1]:
                    if run.folder.parent != workspace.records_root():
                        reproduction.archive(run)
    looked = {}
    for recipe in library.every().values():
        if recipe.look:
            try:
                looked[recipe.id] = depths(recipe.look)
            except CnnvizError as error:
                tell(f"{recipe.id}: {error}")
    path = workspace.records_root().with_suffix(".md")
    atomic.replace(path, results_table.markdown(RecipeRuns(reproduction_runs()), looked).encode())
    return path
