"""`study`: many runs of one question, planned, run and compared."""

import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import JsonValue, ValidationError

from cnnviz.cli import progress as progress_bar
from cnnviz.cli.answer import Command, Group, answer, table, tell
from cnnviz.cli.options import Json
from cnnviz.cli.recipes import SizeOption
from cnnviz.cli.settings import pairs
from cnnviz.cli.study_document import document, summary, text
from cnnviz.cli.train import configuration
from cnnviz.config import RunConfig, explain, with_settings
from cnnviz.errors import CnnvizError, ConfigError
from cnnviz.formatting import duration
from cnnviz.recipes import library
from cnnviz.recipes import plan as recipe_plan
from cnnviz.recipes.recipe import Size
from cnnviz.studies import folder, plan, progress
from cnnviz.studies.definition import Grid, Listing, Objective, Study, confirm
from cnnviz.studies.progress import Progress
from cnnviz.studies.search_space import Search, space
from cnnviz.studies.variant import value, values

_PACE = 0.3
"""Seconds between two looks at the runs of a study."""

study = typer.Typer(name="study", cls=Group, no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The study, as `study list` has it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Confirm a study of more than 500 runs.")]


@study.callback()
def studies() -> None:
    """Many runs of one question."""


@study.command("new", cls=Command)
def new(
    title: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    *,
    base: Annotated[
        str | None,
        typer.Option(metavar="CONFIG|RECIPE[:VARIANT]", help="What runs share: a JSON file, or a recipe."),
    ] = None,
    size: SizeOption = "full",
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the base; repeatable."),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=A,B,…", help="Values of a setting; repeatable, for every combination."),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'KEY=VALUE …'", help="One variant, instead of combinations; repeatable, '' is the base."
        ),
    ] = None,
    search: Annotated[
        Literal["random", "tpe"] | None,
        typer.Option(help="Search the values of --vary: KEY=0..0.5, KEY=log:1e-4..0.1 or KEY=A,B."),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Of a search.")] = 20,
    pruner: Annotated[
        Literal["none", "median", "hyperband"],
        typer.Option(help="Whether a search gives up bad trials early."),
    ] = "none",
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Runs of each variant.")] = 1,
    objective: Annotated[Objective, typer.Option(help="What is compared.")] = "validation_accuracy",
    measure: Annotated[bool, typer.Option("--time/--no-time", help="Measure how long it will take.")] = True,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Plan a study: what is varied, how many runs that is and how long they take. `study run NAME` runs it."""
    if bool(vary) == bool(variant) or (search and variant):
        raise typer.BadParameter("Say --vary or --variant.", param_hint="--vary")
    shared = with_settings(_base(base, size), pairs(changes or ()))
    try:
        if search:
            varied: Grid | Listing | Search = _search(vary or (), search, trials, pruner)
        else:
            varied = Listing(settings=tuple(map(_variant, variant))) if variant else _grid(vary or ())
        found = Study(title=title, base=shared, vary=varied, seeds=seeds, objective=objective)
    except ValidationError as error:
        raise ConfigError(explain(error)) from None
    confirm(found, confirmed=yes)
    plan.check(found)
    missing = progress.unfinished(found)
    took = (
        progress_bar.run(plan.seconds(missing, plan.ThisMachine()), "Measuring")
        if measure and missing
        else None
    )
    name = folder.create(found)
    there = found.count - len(missing)
    said = f"{name}: {found.count:,} runs ({found.vary.count:,} variants, {seeds} seeds)"
    said += f", {there:,} of them there already" if there else ""
    said += f"; about {duration(took)} of training on this machine" if took is not None else ""
    answer(
        document(progress.look(name)) | {"there": there, "seconds": took},
        f"{said}. To run it: python -m cnnviz study run {name}",
        as_json=as_json,
    )


@study.command("list", cls=Command)
def listing(*, as_json: Json = False) -> None:
    """List all studies and how far they are."""
    found: list[dict[str, Any]] = []
    lines = [["STUDY", "RUNS", "STATE", "TITLE"]]
    for one in folder.every():
        try:
            if one.study is None:
                raise ConfigError(one.damage)
            now = progress.look(one.id)
        except CnnvizError as error:
            found.append({"id": one.id, "state": "damaged", "reason": str(error)})
            lines.append([one.id, "–", "damaged", str(error)])
            continue
        found.append(summary(now))
        lines.append([one.id, f"{now.finished}/{len(now.trials)}", now.state, now.study.title])
    answer(
        found, table(lines) if found else "There is no study yet: plan one with `study new`.", as_json=as_json
    )


@study.command("show", cls=Command)
def show(name: Name, *, as_json: Json = False) -> None:
    """Show what a study found: each variant's validation over its seeds, and its test."""
    _answer(progress.look(name), as_json=as_json)


@study.command("run", cls=Command)
def run(name: Name, *, yes: Yes = False, as_json: Json = False) -> None:
    """Run what is missing of a study and follow it to its end. Ctrl-C stops it; the same command goes on."""
    found = folder.read(name)
    confirm(found, confirmed=yes)
    plan.check(found)
    now = follow(name)
    _answer(now, as_json=as_json)
    if now.state != "finished":
        raise typer.Exit(1)


@study.command("stop", cls=Command)
def stop(name: Name, *, as_json: Json = False) -> None:
    """Stop the runs of a study; `study run` goes on."""
    _answer(progress.stop(name), as_json=as_json)


@study.command("delete", cls=Command)
def delete(name: Name, *, as_json: Json = False) -> None:
    """Delete a study and keep its runs."""
    folder.delete(name)
    answer({"deleted": name}, f"Deleted {name}; its runs are still there.", as_json=as_json)


def follow(name: str) -> Progress:
    """Start the study, and tell how it goes until nothing is under way. Ctrl-C stops it and leaves with 130."""
    try:
        return _follow(name)
    except KeyboardInterrupt:
        tell("Stopping; what has finished stays, the same command goes on …")
        progress.stop(name)
        raise typer.Exit(130) from None


def _follow(name: str) -> Progress:
    now = progress.start(name)
    told = {one.run.id for one in now.trials if one.run and one.finished}
    tell(f"{len(now.trials):,} runs, {now.finished:,} of them there.")
    with progress_bar.bar("Getting ready") as draw:
        while now.active:
            for one in now.trials:
                if one.run and one.status and not one.status.active and one.run.id not in told:
                    told.add(one.run.id)
                    variant, seed = now.study.words(one.task.variant), one.task.config.seed
                    tell(f"{variant}, seed {seed}: {one.status.state} {one.status.reason}".rstrip())
            draw(now.share, f"{now.finished} of {len(now.trials)}", "")
            time.sleep(_PACE)
            now = progress.advance(name)
    return now


def _base(given: str | None, size: Size) -> RunConfig:
    if given is None or Path(given).exists() or given.endswith(".json"):
        return configuration(Path(given) if given else None)
    name, _, variant = given.partition(":")
    recipe = library.find(name)
    return recipe_plan.configuration(recipe, variant or next(iter(library.variants(recipe)), ""), size=size)


def _grid(arguments: Sequence[str]) -> Grid:
    return Grid(settings={key: values(words) for key, words in pairs(arguments).items()})


def _search(arguments: Sequence[str], sampler: str, trials: int, pruner: str) -> Search:
    settings = {key: space(words) for key, words in pairs(arguments).items()}
    return Search.model_validate(
        {"settings": settings, "sampler": sampler, "trials": trials, "pruner": pruner}
    )


def _variant(words: str) -> dict[str, JsonValue]:
    """The settings of one variant, as on a command line."""
    return {key: value(one) for key, one in pairs(shlex.split(words)).items()}


def _answer(now: Progress, *, as_json: bool) -> None:
    answer(document(now), text(now), as_json=as_json)
