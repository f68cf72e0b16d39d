"""Runs whatever is missing of the recipes, archives their figures, and writes down reported beside measured."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnviz import atomic, workspace
from cnnviz.config import RunConfig
from cnnviz.config.comparison import identity
from cnnviz.recipes import library, plan
from cnnviz.recipes.recipe import Recipe, Size
from cnnviz.recipes.results import RecipeRuns, reproduction_runs
from cnnviz.runs.run import Run
from cnnviz.studies.executor import ThisMachine

ARCHIVED = ("config.json", "status.json", "metrics.jsonl")
"""Files of a run that go into the repository: what was asked for, how it ended, and its figures."""


@dataclass(frozen=True)
class Task:
    """One run to be made."""

    recipe: Recipe
    variant: str
    config: RunConfig


def tasks(
    recipes: Iterable[Recipe],
    *,
    variants: Sequence[str] = (),
    size: Size = "full",
    seeds: int = 1,
    pretrained: str | None = None,
) -> list[Task]:
    """The runs of these recipes, those of the first seed first; all variants where none is named."""
    return [
        Task(
            recipe, variant, plan.configuration(recipe, variant, size=size, seed=seed, pretrained=pretrained)
        )
        for seed in range(seeds)
        for recipe in recipes
        if recipe.kind == "train"
        for variant in variants or library.variants(recipe)
    ]


def missing(tasks: Iterable[Task], recipe_runs: RecipeRuns) -> Iterator[Task]:
    """Those of which no run has finished."""
    for task in tasks:
        if not any(run.metrics().finished for run in recipe_runs.same(task.config)):
            yield task


def begin(task: Task, recipe_runs: RecipeRuns) -> Run:
    """The run of a task: the one that is under way, else the one that was cut short, else a new one.

    Raises RunError as `control.start` and `control.resume` do.
    """
    here = ThisMachine(recipe_runs)
    return here.fetch(here.submit(task.config))


def archive(run: Run) -> Path:
    """Copy a run's configuration and figures to `docs/reproduction/`, without those of single steps.

    It takes the place of those of the same experiment and seed that came to nothing.
    """
    same = identity(run.config)
    for old in reproduction_runs():
        if (identity(old.config), old.config.seed) == (
            same,
            run.config.seed,
        ) and not old.metrics().finished:
            shutil.rmtree(old.folder)
    folder = workspace.records_root() / workspace.plain_name(run.id, what="run")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ARCHIVED:
        if (run.folder / name).exists():
            shutil.copyfile(run.folder / name, folder / name)
    metrics = folder / "metrics.jsonl"
    if metrics.exists():
        lines = metrics.read_text(encoding="utf-8").splitlines(keepends=True)
        epochs = [line for line in lines if json.loads(line)["kind"] != "step"]
        atomic.replace(metrics, "".join(epochs).encode())
    return folder
