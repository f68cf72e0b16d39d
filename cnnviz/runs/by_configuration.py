"""Runs, found by what was run."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from cnnviz.config import RunConfig
from cnnviz.config.comparison import identity
from cnnviz.runs.run import Run


class RunsByConfiguration:
    """Runs by what was run; each once, wherever its folder lies. `ways` are settings of computing that matter."""

    def __init__(self, runs: Iterable[Run], *, ways: Collection[str] = ()) -> None:
        self._ways = ways
        self._runs: dict[str, list[Run]] = defaultdict(list)
        known: set[object] = set()
        for run in runs:
            if run.imported or run.changed:  # its configuration does not say how it was trained
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
