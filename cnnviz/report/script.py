"""The Python script, and the notebook, that reproduce a run with torch, torchvision and numpy alone."""

from __future__ import annotations

import json
import re
from pprint import pformat
from typing import Any

from cnnviz.errors import RunError
from cnnviz.runs import changes
from cnnviz.runs.run import Run

_PLAIN = {"device": "cpu", "precision": "fp32", "memory_format": "contiguous", "compile": False}

_ABOUT = """Reproduces the run {run} of cnnviz with torch, torchvision and numpy alone.

    python {run}.py FOLDER

FOLDER is that of the prepared data set: train_images.npy, train_labels.npy, test_images.npy, test_labels.npy and
dataset.json. With the same versions and a processor of the same kind, the weights are the same to the last bit."""


def obstacle(run: Run) -> str:
    """Why there is no script that reproduces a run; empty if there is one."""
    if run.imported:
        return "It was not trained here."
    if run.recorded:
        return "Its training loop is not the bench's."
    config, way = run.config, _execution(run)
    cannot = [
        (config.start.source == "checkpoint", "start from another run's weights"),
        (config.start.source == "imagenet", "start from ImageNet weights"),
        (config.freeze.name != "none", "freeze weights"),
        (way["compile"], "repeat a compiled training"),
        (way["precision"] == "fp16", "train in fp16"),
    ]
    return next((f"The script can't {what} yet." for it_is_so, what in cannot if it_is_so), "")


def script(run: Run) -> str:
    """The script's text. Raises RunError where there is none."""
    sections = [f'"""{_ABOUT.format(run=run.id)}\n"""\n\nimport sys']
    sections += [f"# {title}\n\n{text}" for title, text in _sections(run).items()]
    sections.append(
        'if __name__ == "__main__":\n'
        "    if len(sys.argv) != 2:\n"
        "        sys.exit(__doc__)\n"
        "    reproduce(RUN, build, Path(sys.argv[1]))\n"
    )
    return "\n\n\n".join(sections)


def notebook(run: Run) -> str:
    """The same as a notebook (JSON, nbformat 4.5). Raises RunError where there is none."""
    cells = [("markdown", _ABOUT.format(run=run.id).replace(f"    python {run.id}.py FOLDER\n\n", ""))]
    for title, text in _sections(run).items():
        cells += [("markdown", title), ("code", text)]
    folder = f"data/{run.config.data.name}"
    cells.append(("code", f"FOLDER = Path({folder!r})\nreproduce(RUN, build, FOLDER)"))
    document = {
        "cells": [_cell(number, kind, text) for number, (kind, text) in enumerate(cells)],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1)


def _cell(number: int, kind: str, text: str) -> dict[str, Any]:
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text, **code}


def _sections(run: Run) -> dict[str, str]:
    """The script's parts by what they are about: imports, the run's settings, functions."""
    if why := obstacle(run):
        raise RunError(f"There is no script for {run.id}. {why}")

    from cnnviz.models.registry import FAMILIES
    from cnnviz.report.plain_training import reproduce
    from cnnviz.report.sources import Sources

    config = run.config
    made = changes.read(run.folder)
    sources = Sources(
        {
            config.optimiser.name,
            config.schedule.name,
            getattr(config.network, "activation", ""),
            *(step.name for step in config.augmentation),
            *(change.setting for change in made),
        }
    )
    sources.add(FAMILIES[config.network.name].build)
    sources.add(reproduce)
    sources.imports.add("from pathlib import Path")
    finished = run.metrics().finished
    settings = {
        "config": config.model_dump(mode="json"),
        "changes": [change.model_dump(mode="json", exclude={"request"}) for change in made],
        "execution": _execution(run),
        "threads": _threads(run),
        "versions": run.record.versions,
        "recorded": {key: finished[key] for key in ("test_accuracy", "weights_sha256")} if finished else None,
    }
    return {
        "What it stands on": sources.import_lines(),
        "The run": f"RUN = {pformat(settings, sort_dicts=False, width=100)}",
        **sources.parts(),
    }


def _execution(run: Run) -> dict[str, Any]:
    """How the run is computed; plainly, where it has not begun."""
    return dict(run.metrics().started.get("execution", _PLAIN))


def _threads(run: Run) -> int | None:
    """How many threads of a CPU computed it, if any did."""
    found = re.fullmatch(r"(\d+) CPU threads?", run.metrics().started.get("device_name", ""))
    return int(found[1]) if found else None
