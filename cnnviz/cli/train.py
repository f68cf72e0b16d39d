"""`train` and `resume`: runs as the app starts them, followed to their end."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cnnviz.cli.answer import Json, answer, table, tell
from cnnviz.cli.document import document
from cnnviz.cli.files import content
from cnnviz.cli.follow import follow
from cnnviz.cli.settings import settings_of
from cnnviz.config import RunConfig, with_settings
from cnnviz.errors import ConfigError
from cnnviz.runs import control
from cnnviz.runs.run import Run

Detach = Annotated[
    bool, typer.Option("--detach", help="Return at once with the run's id; the run goes on by itself.")
]


def train(
    config: Annotated[
        Path | None,
        typer.Argument(metavar="[CONFIG.json]", help="Settings, or the config.json of another run."),
    ] = None,
    *,
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
    chosen = with_settings(_read(config), _pairs(changes or ()))
    if settings:
        found = settings_of(chosen)
        text = table([[f"{one.key}={json.dumps(one.value)}", one.explanation] for one in found])
        answer({one.key: one.value for one in found}, text, as_json=as_json)
        return
    _need_data(chosen.data.name)
    _go_on(control.start(chosen), detach=detach, as_json=as_json)


def resume(
    run: Annotated[str, typer.Argument(help="A run that was stopped, failed or interrupted.")],
    *,
    detach: Detach = False,
    as_json: Json = False,
) -> None:
    """Take a run up at its last snapshot. Ctrl-C stops it again."""
    _go_on(control.resume(run), detach=detach, as_json=as_json)


def _go_on(run: Run, *, detach: bool, as_json: bool) -> None:
    if detach:
        answer(document(run), run.id, as_json=as_json)
        return
    tell(f"{run.title}: {run.id}")
    follow(run, as_json=as_json)


def _read(path: Path | None) -> RunConfig:
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


def _pairs(changes: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise typer.BadParameter(f"{change!r} is not KEY=VALUE.", param_hint="--set")
        pairs[key.strip()] = value
    return pairs


def _need_data(name: str) -> None:
    """Nothing, if the data set is here or is made on the way; otherwise the error says how to get it."""
    from cnnviz.data import catalogue

    if name not in catalogue.available():
        catalogue.load(name)
