"""`train` and `resume`: runs as the app starts them, followed to their end."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cnnviz.cli.answer import answer, table, tell
from cnnviz.cli.document import document, test_line
from cnnviz.cli.files import content
from cnnviz.cli.follow import finish, follow
from cnnviz.cli.options import Json, RunName
from cnnviz.cli.recipes import Pretrained, Seeds, SizeOption, Variants
from cnnviz.cli.settings import pairs
from cnnviz.config import RunConfig, with_settings
from cnnviz.config.settings import settings_of
from cnnviz.errors import ConfigError
from cnnviz.recipes import library
from cnnviz.recipes import study as recipe_study
from cnnviz.recipes.recipe import Size
from cnnviz.runs import control
from cnnviz.runs.run import Run
from cnnviz.studies.definition import tasks

Detach = Annotated[
    bool, typer.Option("--detach", help="Return at once with the run's id; the run goes on by itself.")
]


def train(
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CONFIG.json|RECIPE]",
            help="Settings, the config.json of another run, or a recipe such as 002-1.",
        ),
    ] = None,
    *,
    variant: Variants = None,
    size: SizeOption = "full",
    seeds: Seeds = 1,
    pretrained: Pretrained = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change a setting, network.name=mlp say; repeatable."
        ),
    ] = None,
    detach: Detach = False,
    settings: Annotated[
        bool, typer.Option("--settings", help="Train nothing: list all settings and what they are now.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a network. Ctrl-C stops the run; `resume` goes on with it."""
    if config is not None and not config.exists() and config.suffix != ".json":
        if settings:
            raise typer.BadParameter("A recipe says its settings with `recipes ID`.", param_hint="--settings")
        _recipe(
            str(config),
            variant or (),
            size=size,
            seeds=seeds,
            pretrained=pretrained,
            changes=pairs(changes or ()),
            detach=detach,
            as_json=as_json,
        )
        return
    if variant or size != "full" or seeds > 1 or pretrained:
        raise typer.BadParameter(
            "--variant, --size, --seeds and --pretrained belong to a recipe: train 002-1."
        )
    chosen = with_settings(configuration(config), pairs(changes or ()))
    if settings:
        found = settings_of(chosen)
        text = table([[f"{one.key}={json.dumps(one.value)}", one.explanation] for one in found])
        answer({one.key: one.value for one in found}, text, as_json=as_json)
        return
    fits(chosen)
    for caution in chosen.cautions:
        tell(caution)
    _go_on(control.start(chosen), detach=detach, as_json=as_json)


def resume(
    run: RunName,
    *,
    detach: Detach = False,
    as_json: Json = False,
) -> None:
    """Take a run up at its last snapshot. Ctrl-C stops it again."""
    _go_on(control.resume(run), detach=detach, as_json=as_json)


def _recipe(
    name: str,
    variants: Sequence[str],
    *,
    size: Size,
    seeds: int,
    pretrained: str | None,
    changes: dict[str, str],
    detach: bool,
    as_json: bool,
) -> None:
    """Train the variants of a recipe, one after the other."""
    recipe = library.find(name)
    if recipe.kind != "train":
        raise ConfigError(f"{name} trains nothing: `recipes {name}` shows what it is about.")
    planned = recipe_study.study(recipe, variants=variants, size=size, seeds=seeds, pretrained=pretrained)
    configs = [with_settings(task.config, changes) for task in tasks(planned)]
    for config in configs:
        fits(config)
    runs = []
    for config in configs:
        runs.append(control.start(config))
        if not detach:
            tell(f"{runs[-1].title}: {runs[-1].id}")
            finish(runs[-1])
    answer([document(run) for run in runs], "\n".join(map(_ended, runs)), as_json=as_json)


def _ended(run: Run) -> str:
    metrics = run.metrics()
    return f"{run.title}: test {test_line(metrics)}" if metrics.finished else f"{run.title}: {run.id}"


def fits(config: RunConfig) -> None:
    """Nothing, if the data is here and the run fits together.

    Raises DataError that says how to get the data, and what `check` raises.
    """
    from cnnviz.data import catalogue
    from cnnviz.train.check import check

    check(config, catalogue.load(config.data.name))


def _go_on(run: Run, *, detach: bool, as_json: bool) -> None:
    if detach:
        answer(document(run), run.id, as_json=as_json)
        return
    tell(f"{run.title}: {run.id}")
    follow(run, as_json=as_json)


def configuration(path: Path | None) -> RunConfig:
    """The configuration in a file, which may be the record of another run; the default without one."""
    if path is None:
        return RunConfig()
    try:
        values: Any = json.loads(content(path, what="configuration"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not JSON: {error}.") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path} is not a configuration: that is a JSON object of settings, {{…}}.")
    if "versions" in values and "config" in values:
        values = values["config"]
    return RunConfig.parse(values)
