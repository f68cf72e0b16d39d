"""`change`: other settings for a training that is under way."""

from typing import Annotated

import typer

from cnnviz.cli.answer import answer
from cnnviz.cli.options import Json, RunName
from cnnviz.cli.settings import pairs
from cnnviz.config.change import changeable
from cnnviz.errors import ConfigError
from cnnviz.runs import changes
from cnnviz.runs.run import find


def change(
    run: RunName,
    settings: Annotated[
        list[str],
        typer.Argument(metavar="KEY=VALUE…", help="learning_rate, weight_decay, dropout or last_epoch."),
    ],
    *,
    as_json: Json = False,
) -> None:
    """Change settings of a training while it is under way, from its next step on; `runs RUN` tells when."""
    found = find(run)
    for key, text in pairs(settings).items():
        try:
            value = float(text)
        except ValueError:
            raise ConfigError(f"{key} is a number (got {text!r}).") from None
        changes.request(found, key, value)
    asked = [{"setting": wish.setting, "value": wish.value} for _, wish in changes.pending(found.folder)]
    done = [one.model_dump(mode="json", exclude={"request"}) for one in changes.read(found.folder)]
    answer(
        {"run": run, "pending": asked, "changes": done, "changeable": changeable(found.config)},
        f"Asked for; {run} changes with its next step.",
        as_json=as_json,
    )
