"""What comes with cnnviz, put where the user keeps runs: on first use, where that is not the checkout itself."""

import shutil
from pathlib import Path

from cnnviz import workspace
from cnnviz.data.scratch import temporary
from cnnviz.errors import ConfigError
from cnnviz.runs.run import SHIPPED


def furnish() -> None:
    """Copy the shipped runs and the records of the reports' experiments to a home that has none.

    A checkout is its own home, and has them.
    Raises ConfigError where nothing can be written there.
    """
    if workspace.home() == workspace.ROOT:
        return
    runs, records = workspace.checkpoints_root(), workspace.records_root()
    try:
        if not runs.exists():
            _copy([card.parent for card in (workspace.ROOT / "checkpoints").glob(f"*/{SHIPPED}")], runs)
        if not records.exists():
            _copy(list((workspace.ROOT / "docs" / "reproduction").iterdir()), records)
    except OSError as error:
        raise ConfigError(
            f"Nothing can be kept in {workspace.home()} ({error.strerror or error}): "
            "set CNNVIZ_HOME to a folder that can be written."
        ) from error


def _copy(folders: list[Path], target: Path) -> None:
    """Copies of `folders` as a new folder `target`, whole or not at all."""
    with temporary(target) as place:
        for folder in folders:
            shutil.copytree(folder, place / folder.name)
        try:
            place.rename(target)
        except OSError:
            if not target.exists():  # else another process was quicker
                raise
