"""`compare`: the settings in which runs differ, and their figures side by side."""

from typing import Annotated, Any

import typer

from cnnviz.cli.answer import answer, table
from cnnviz.cli.options import Json
from cnnviz.config.comparison import differing, setting_text
from cnnviz.errors import RunError
from cnnviz.formatting import accuracy, duration, standard_error
from cnnviz.runs.run import find
from cnnviz.runs.summary import Summary, summaries


def compare(
    names: Annotated[list[str], typer.Argument(metavar="RUN RUN…", help="As `runs` lists them.")],
    *,
    as_json: Json = False,
) -> None:
    """Show the settings in which runs differ, and their figures, side by side."""
    names = list(dict.fromkeys(names))
    if len(names) < 2:
        raise typer.BadParameter("Name two runs at least.")
    by_name = {one.id: one for one in summaries()}
    runs = [by_name[find(name).id] for name in names]
    for run in runs:
        if run.damaged:
            raise RunError(f"The run {run.id} can't be read: {run.damaged}")
    keys = differing({run.id: run.settings for run in runs})
    rows = [["", *(run.id for run in runs)], ["title", *(run.title for run in runs)]]
    rows += [[key, *(setting_text(run.settings.get(key)) for run in runs)] for key in keys]
    rows += [
        ["validation", *(accuracy(run.validation_accuracy, run.validation_count) for run in runs)],
        ["test", *(accuracy(run.test_accuracy, run.test_count) for run in runs)],
        ["training time", *(duration(run.seconds) if run.seconds else "–" for run in runs)],
        ["parameters", *("–" if run.parameters is None else f"{run.parameters:,}" for run in runs)],
    ]
    found = {
        "differs": {key: {run.id: run.settings.get(key) for run in runs} for key in keys},
        "runs": {run.id: _figures(run) for run in runs},
    }
    answer(found, table(rows), as_json=as_json)


def _figures(run: Summary) -> dict[str, Any]:
    found: dict[str, Any] = {"title": run.title, "state": run.state}
    for split in ("validation", "test"):
        value, count = getattr(run, f"{split}_accuracy"), getattr(run, f"{split}_count")
        found[split] = None
        if value is not None:
            error = standard_error(value, count) if count else None
            found[split] = {"accuracy": value, "standard_error": error, "count": count}
    names = ("seconds", "parameters", "images_per_second", "memory")
    return found | {name: getattr(run, name) for name in names}
