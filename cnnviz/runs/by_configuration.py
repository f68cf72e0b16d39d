"""Runs, found by what was run."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from cnnviz.config import RunConfig
from cnnviz.config.comparison import identity
from cnnviz.errors import RunError
from cnnviz.runs import changes
from cnnviz.runs.run import Run


class RunsByConfiguration:
    """Runs by what was run; each once, wherever its folder lies.

    `ways` are settings of computing that matter. Runs that were changed as they trained are left out, their
    configuration does not say how; but with `shortened`, those that only were to end earlier are not.
    """

    def __init__(self, runs: Iterable[Run], *, ways: Collection[str] = (), shortened: bool = False) -> None:
        self._ways = ways
        self._runs: dict[str, list[Run]] = defaultdict(list)
        known: set[object] = set()
        for run in runs:
            if not run.repeatable or (run.changed and not (shortened and _only_shortened(run))):
                continue
            experiment = identity(run.config, ways=ways)
            copies = {run.id, (experiment, run.config.seed, run.record.created)}
            if copies.isdisjoint(known):
                self._runs[experiment].append(run)
            known |= copies

    def every(self) -> list[Run]:
        """All of them."""
        return [run for runs in self._runs.values() for run in runs]

    def alike(self, config: RunConfig) -> list[Run]:
        """All runs of one experiment, whatever their seed."""
        return self._runs.get(identity(config, ways=self._ways), [])

    def same(self, config: RunConfig) -> list[Run]:
        """All runs of one experiment with the same seed."""
        return [run for run in self.alike(config) if run.config.seed == config.seed]


def _only_shortened(run: Run) -> bool:
    try:
        return all(one.setting == "last_epoch" for one in changes.read(run.folder))
    except RunError:
        return False
