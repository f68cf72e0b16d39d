"""Where the runs of a study are executed."""

from collections.abc import Iterable
from typing import Protocol

from cnnviz import workspace
from cnnviz.config import RunConfig
from cnnviz.runs import control, queue
from cnnviz.runs.by_configuration import RunsByConfiguration
from cnnviz.runs.run import Run, find
from cnnviz.runs.status import RESUMABLE, Status


class Executor(Protocol):
    """A place that trains: this machine, or another one day."""

    def submit(self, config: RunConfig) -> str:
        """The id of a run of that configuration, which will be trained without any more being asked of anybody."""

    def watch(self, ids: Iterable[str]) -> dict[str, Status]:
        """How the runs go."""

    def cancel(self, ids: Iterable[str]) -> None:
        """End the runs that wait or train; what has ended is left alone."""

    def fetch(self, run_id: str) -> Run:
        """The folder of a run, as far as it is."""


class ThisMachine:
    """The queue of this machine. `runs` are those that it has, by what was run."""

    def __init__(self, runs: RunsByConfiguration) -> None:
        self._runs = runs

    def submit(self, config: RunConfig) -> str:
        """The run that is under way, else the one that was cut short, else a new one.

        Raises RunError as `control.start` and `control.resume` do.
        """
        root = workspace.checkpoints_root()
        here = [(run, run.status()) for run in self._runs.same(config) if run.folder.parent == root]
        for run, status in here:
            if status.active:
                return run.id
        for run, status in here:
            if status.state in RESUMABLE:
                return control.resume(run.id).id
        return control.start(config).id

    def watch(self, ids: Iterable[str]) -> dict[str, Status]:
        queue.revive()
        return {name: find(name).status() for name in ids}

    def cancel(self, ids: Iterable[str]) -> None:
        control.stop_all(ids)

    def fetch(self, run_id: str) -> Run:
        return find(run_id)
