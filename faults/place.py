"""A bench of its own for faults: nothing of the user's is touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.images import environment
from cnnviz.runs import control, process
from cnnviz.runs.run import every
from tests import nursery_client
from tests.conftest import write_data


@dataclass(frozen=True)
class Place:
    """Where the data sets and runs of a block are."""

    root: Path
    data: Path
    checkpoints: Path


@contextmanager
def place() -> Iterator[Place]:
    """An empty bench with a tiny data set; processes that are started in the block find it, too."""
    with TemporaryDirectory(prefix="cnnviz-faults-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        made = Place(root, root / "data", root / "checkpoints")
        made.checkpoints.mkdir()
        write_data(made.data / "tiny")
        with environment(
            CNNVIZ_HOME=str(root),
            CNNVIZ_DATA=str(made.data),
            CNNVIZ_CHECKPOINTS=str(made.checkpoints),
            OMP_NUM_THREADS="1",
        ):
            try:
                yield made
            finally:
                control.stop_all([run.id for run in every() if run.status().active])


@contextmanager
def workers_at_once() -> Iterator[Path]:
    """The address of a process that starts workers in no time, which is where they come from in the block."""
    with nursery_client.running() as address:
        plain = vars(process)["subprocess"]
        vars(process)["subprocess"] = nursery_client.stand_in(address)
        try:
            yield address
        finally:
            vars(process)["subprocess"] = plain
