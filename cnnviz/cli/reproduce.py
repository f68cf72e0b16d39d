"""`reproduce`: the reports' experiments run again, as far as they have not been."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Annotated, Any

import typer

from cnnviz import atomic, workspace
from cnnviz.cli.answer import answer, tell
from cnnviz.cli.document import how_it_ended
from cnnviz.cli.options import Json
from cnnviz.cli.recipes import Pretrained, SizeOption, Variants
from cnnviz.cli.study import follow
from cnnviz.errors import CnnvizError
from cnnviz.formatting import duration
from cnnviz.progress import finish
from cnnviz.recipes import library, results_table
from cnnviz.recipes import plan as recipe_plan
from cnnviz.recipes import study as recipe_study
from cnnviz.recipes.depth import depths
from cnnviz.recipes.recipe import COMPARED_SIZES, Recipe, Size
from cnnviz.recipes.results import RecipeRuns, recipe_runs
from cnnviz.runs import records
from cnnviz.studies import folder, plan, progress
from cnnviz.studies.definition import Study, Task
from cnnviz.studies.variant import Variant


@dataclass(frozen=True)
class _Part:
    """Variants of a recipe that are run with as many seeds."""

    id: str
    study: Study
    missing: Sequence[Task]
    seconds: float | None
    """What these will take; None where it is not known."""

    @property
    def size(self) -> str:
        """003-1e: variants 4 × seeds 3, 8 runs to be made, about 20 min."""
        runs = "1 run" if len(self.missing) == 1 else f"{len(self.missing)} runs"
        said = f"{self.study.recipe}: variants {self.study.vary.count} × seeds {self.study.seeds}, {runs} to be made"
        return said + (f", about {duration(self.seconds)}" if self.seconds else "")


def reproduce(
    recipes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RECIPE…]", help="Recipes, in this order. Without any: all, the quickest first."
        ),
    ] = None,
    *,
    variant: Variants = None,
    size: SizeOption = "full",
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="Runs of each variant. Without it: 3 where a run takes under five minutes, else 1.",
        ),
    ] = None,
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
    """Run what is missing of some recipes, each as a study. Ctrl-C stops; the same command goes on."""
    chosen = [library.find(name) for name in recipes] if recipes else list(library.every().values())
    known = recipe_runs()
    parts = [
        part
        for recipe in chosen
        if recipe.kind == "train"
        for part in _parts(
            recipe, variant or (), known, size=size, seeds=seeds, pretrained=pretrained, measure=run
        )
    ]
    if not recipes:
        parts.sort(key=lambda part: inf if part.seconds is None else part.seconds)
    planned = sum(part.study.count for part in parts)
    missing = sum(len(part.missing) for part in parts)
    tell(f"{planned:,} runs, of which {missing:,} are to be made.")
    failed: dict[str, str] = {}
    for part in parts if run else ():
        if part.missing:
            tell(f"\n{part.size}")
            failed |= _failed(part)
    path = _written(chosen) if write else None
    made = missing - len(failed) if run else 0
    document: dict[str, Any] = {
        "planned": planned,
        "made": made,
        "failed": failed,
        "written": str(path) if path else None,
    }
    text = f"{made} runs made, {planned - missing} were there, {len(failed)} failed."
    answer(document, text + (f" Written: {path}." if path else ""), as_json=as_json)
    if failed:
        raise typer.Exit(1)


def _parts(
    recipe: Recipe,
    variants: Sequence[str],
    known: RecipeRuns,
    *,
    size: Size,
    seeds: int | None,
    pretrained: str | None,
    measure: bool,
) -> Iterator[_Part]:
    """A recipe's variants as studies, those with most seeds first. What was never run is measured, if wanted."""
    took = dict[str, float | None]()
    often = dict[int, list[str]]()
    for name in variants or library.variants(recipe):
        config = recipe_plan.configuration(recipe, name, size=size, pretrained=pretrained)
        one = recipe_study.seconds(recipe, name, known, size=size, pretrained=pretrained)
        if one is None and measure and seeds is None:
            with suppress(CnnvizError):  # running it will say why it can't be
                one = finish(plan.seconds([Task(Variant({}), config)], plan.ThisMachine()))
        took[config.title] = one
        often.setdefault(seeds or recipe_study.default_seeds(one), []).append(name)
    for count, names in sorted(often.items(), reverse=True):
        study = recipe_study.study(recipe, variants=names, size=size, seeds=count, pretrained=pretrained)
        missing = [one.task for one in progress.trials_of(study, known) if not one.finished]
        times = [took[task.config.title] for task in missing]
        yield _Part(
            recipe_study.study_id(recipe, size=size, pretrained=pretrained),
            study,
            missing,
            None if None in times else sum(one for one in times if one is not None),
        )


def _failed(part: _Part) -> dict[str, str]:
    """Run what is missing of a part; why it could not be, by run. Ctrl-C stops it and leaves."""
    try:
        plan.check(part.study)
        folder.put(part.id, part.study)
        now = follow(part.id)
    except CnnvizError as error:
        tell(str(error))
        return {_name(task): str(error) for task in part.missing}
    return {
        _name(one.task): how_it_ended(one.run, one.status) if one.run and one.status else "It was not begun."
        for one in now.trials
        if not one.finished
    }


def _name(task: Task) -> str:
    return f"{task.config.title}, seed {task.config.seed}"


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
                        records.archive(run)
    looked = {}
    for recipe in library.every().values():
        if recipe.look:
            try:
                looked[recipe.id] = depths(recipe.look)
            except CnnvizError as error:
                tell(f"{recipe.id}: {error}")
    path = workspace.records_root().with_suffix(".md")
    atomic.replace(path, results_table.markdown(RecipeRuns(records.every()), looked).encode())
    return path
