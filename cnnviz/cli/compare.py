"""`compare`: the settings in which runs differ, their figures side by side, and whether that is more than noise."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from cnnviz.cli.answer import answer, table
from cnnviz.cli.difference_document import difference
from cnnviz.cli.options import Json
from cnnviz.config.comparison import differing
from cnnviz.config.words import setting_titles, setting_value
from cnnviz.diagnosis import run_comparison
from cnnviz.diagnosis.noise import CHOOSING
from cnnviz.diagnosis.run_comparison import Comparison
from cnnviz.errors import RunError
from cnnviz.explore import stored_predictions
from cnnviz.formatting import accuracy, duration, energy, standard_error
from cnnviz.runs.labels import labels, of_group
from cnnviz.runs.run import find
from cnnviz.runs.summary import Summary, summaries


def compare(
    names: Annotated[list[str], typer.Argument(metavar="RUN RUN…", help="As `runs` lists them.")],
    *,
    as_json: Json = False,
) -> None:
    """Show the settings in which runs differ, their figures, and whether they differ by more than noise."""
    names = list(dict.fromkeys(names))
    if len(names) < 2:
        raise typer.BadParameter("Name two runs at least.")
    by_name = {one.id: one for one in summaries()}
    runs = [by_name[find(name).id] for name in names]
    for run in runs:
        if run.damaged:
            raise RunError(f"The run {run.id} can't be read: {run.damaged}")
    keys = differing({run.id: run.settings for run in runs})
    rows = [["", *(run.id for run in runs)], ["Title", *(run.title for run in runs)]]
    titles = setting_titles(keys)
    rows += [[titles[key], *(setting_value(key, run.settings.get(key)) for run in runs)] for key in keys]
    rows += [
        ["Validation", *(accuracy(run.validation_accuracy, run.validation_count) for run in runs)],
        ["Test", *(accuracy(run.test_accuracy, run.test_count) for run in runs)],
        ["Training time", *(duration(run.seconds) if run.seconds else "–" for run in runs)],
        ["Parameters", *("–" if run.parameters is None else f"{run.parameters:,}" for run in runs)],
    ]
    if any(run.energy for run in runs):
        rows.append(["Energy", *(energy(run.energy) if run.energy else "–" for run in runs)])
    found: dict[str, Any] = {
        "differs": {key: {run.id: run.settings.get(key) for run in runs} for key in keys},
        "runs": {run.id: _figures(run) for run in runs},
    }
    comparison = run_comparison.compare(runs, _right)
    lines = [table(rows)]
    if comparison is not None:
        labelled = labels(runs)
        found["noise"] = _document(comparison, labelled)
        lines += ["", *_said(comparison, labelled)]
    if sum(run.test_accuracy is not None for run in runs) > 2:
        lines += ["", CHOOSING]
    answer(found, "\n".join(lines), as_json=as_json)


def _right(run: str) -> run_comparison.Right | None:
    """Where a run's last weights are right, if that is stored."""
    known = stored_predictions.known(run)
    return None if known is None else (known.numbers, known.right)


def _document(comparison: Comparison, labelled: Mapping[str, str]) -> dict[str, Any]:
    return {
        "first": [run.id for run in comparison.first],
        "compared": [
            {
                "runs": [run.id for run in one.setting],
                "name": of_group(one.setting, labelled),
                "images": one.split,
                **difference(one.difference),
            }
            for one in comparison.compared
        ],
        "remarks": list(comparison.remarks),
    }


def _said(comparison: Comparison, labelled: Mapping[str, str]) -> Iterator[str]:
    """The verdicts as lines: a setting, the difference, and what it rests on."""
    if comparison.compared:
        yield f"Compared with {of_group(comparison.first, labelled)}, the first that is named:"
    for one in comparison.compared:
        found = one.difference
        between = "" if found.low is None else f"95 % interval {found.interval_in_words}; "
        yield (
            f"  {of_group(one.setting, labelled)}, {one.split}: {found.words} "
            f"({between}by chance {found.chance_in_words}; {found.base})"
        )
    yield from comparison.remarks


def _figures(run: Summary) -> dict[str, Any]:
    found: dict[str, Any] = {"title": run.title, "state": run.state}
    for split in ("validation", "test"):
        value, count = getattr(run, f"{split}_accuracy"), getattr(run, f"{split}_count")
        found[split] = None
        if value is not None:
            error = standard_error(value, count) if count else None
            found[split] = {"accuracy": value, "standard_error": error, "count": count}
    names = ("seconds", "parameters", "images_per_second", "memory", "energy")
    return found | {name: getattr(run, name) for name in names}
