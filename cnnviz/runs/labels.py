"""Names by which the selected runs are told from each other."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from cnnviz.runs.summary import Summary


class Titled(Protocol):
    """A run, or its summary."""

    @property
    def id(self) -> str:
        """Its own alone."""

    @property
    def title(self) -> str:
        """Which others may have, too."""

    @property
    def seed(self) -> int | None:
        """None where it was trained elsewhere."""


def labels(runs: Sequence[Titled]) -> dict[str, str]:
    """A name for each run, by its id: its title, with seed or id where that is not enough."""
    titles = Counter(run.title for run in runs)
    seeded = {
        run.id: run.title if titles[run.title] == 1 or run.seed is None else f"{run.title}, seed {run.seed}"
        for run in runs
    }
    count = Counter(seeded.values())
    return {
        run.id: seeded[run.id] if count[seeded[run.id]] == 1 else f"{run.title}, {run.id}" for run in runs
    }


def of_group(runs: Sequence[Summary], names: Mapping[str, str]) -> str:
    """A name for runs that differ in their seed alone."""
    return names[runs[0].id] if len(runs) == 1 else f"{runs[0].title}, {len(runs)} seeds"
