"""`find-rate`: the learning-rate range test."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cnnviz.cli import progress
from cnnviz.cli.answer import answer
from cnnviz.cli.options import Json
from cnnviz.cli.settings import pairs
from cnnviz.cli.train import configuration, fits
from cnnviz.config import with_settings
from cnnviz.data import catalogue


def find_rate(
    config: Annotated[
        Path | None, typer.Argument(metavar="[CONFIG.json]", help="Settings, or the config.json of a run.")
    ] = None,
    *,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change a setting; repeatable.")
    ] = None,
    steps: Annotated[int, typer.Option(min=10, max=10_000, help="Steps, each at a higher rate.")] = 100,
    as_json: Json = False,
) -> None:
    """Look for a good learning rate: train some steps at ever higher ones, and say where the loss falls fastest."""
    from cnnviz.train.range_test import range_test

    chosen = with_settings(configuration(config), pairs(changes or ()))
    fits(chosen)
    found = progress.run(range_test(chosen, catalogue.load(chosen.data.name), steps=steps), "Getting ready")
    answer(
        asdict(found) | {"suggested": found.suggested, "reason": found.reason}, found.reason, as_json=as_json
    )
