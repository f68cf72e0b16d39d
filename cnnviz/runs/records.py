"""Records: what is kept in the repository of runs whose weights are not, under `docs/reproduction/`."""

import json
import shutil
from pathlib import Path

from cnnviz import atomic, workspace
from cnnviz.config.comparison import identity
from cnnviz.errors import ConfigError, RunError
from cnnviz.runs.run import Run

ARCHIVED = ("config.json", "status.json", "metrics.jsonl")
"""Files of a run that go into the repository: what was asked for, how it ended, and its figures."""


def every() -> list[Run]:
    """Runs of which the configuration and figures lie under `docs/reproduction/`."""
    root = workspace.records_root()
    runs = [Run(folder.name, folder) for folder in sorted(root.iterdir())] if root.is_dir() else []
    return [run for run in runs if _readable(run)]


def archive(run: Run) -> Path:
    """Copy a run's configuration and figures to `docs/reproduction/`, without those of single steps.

    It takes the place of those of the same experiment and seed that came to nothing.
    """
    same = identity(run.config)
    for old in every():
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


def _readable(run: Run) -> bool:
    try:
        return bool(run.record)
    except (ConfigError, RunError):
        return False
