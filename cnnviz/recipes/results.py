"""What came out of a recipe's runs: found by their configuration, wherever they were started."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import mean, stdev

from cnnviz import workspace
from cnnviz.config import RunConfig
from cnnviz.errors import ConfigError, RunError
from cnnviz.recipes import plan
from cnnviz.recipes.recipe import Recipe, Size
from cnnviz.runs.run import Run, every
from cnnviz.train.events import EpochEnded


@dataclass(frozen=True)
class Outcome:
    """The figures of one finished run, by the names that `Reported` has for them."""

    run: Run
    figures: Mapping[str, float]
    per_class: Mapping[str, float]
    test_count: int
    validation_count: int

    def count(self, figure: str) -> int:
        """Images behind an accuracy; 0 for what is no share of images."""
        if not figure.endswith("accuracy"):
            return 0
        return self.test_count if figure.startswith("test") else self.validation_count


@dataclass(frozen=True)
class VariantSummary:
    """One figure over several seeds."""

    mean: float
    deviation: float | None
    """Standard deviation over the seeds; None for a single one."""
    seeds: int


class RunsByConfiguration:
    """All runs of this bench and all archived ones, by what was run; each once, wherever its folder lies."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self._runs: dict[str, list[Run]] = defaultdict(list)
        known: set[object] = set()
        for run in runs:
            if run.imported or run.changed:  # its configuration does not say how it was trained
                continue
            identity = plan.identity(run.config)
            copies = {run.id, (identity, run.config.seed, run.record.created)}
            if copies.isdisjoint(known):
                self._runs[identity].append(run)
            known |= copies

    def every(self) -> list[Run]:
        """All of them."""
        return [run for runs in self._runs.values() for run in runs]

    def alike(self, config: RunConfig) -> list[Run]:
        """All runs of one experiment, whatever their seed."""
        return self._runs.get(plan.identity(config), [])

    def runs(
        self, recipe: Recipe, variant: str, *, size: Size = "full", pretrained: str | None = None
    ) -> list[Run]:
        """All runs of a variant, in whatever state, one seed after the other, newest first in each."""
        wanted = plan.configuration(recipe, variant, size=size, pretrained=pretrained)
        return sorted(self.alike(wanted), key=lambda run: (run.config.seed, -run.record.created))

    def outcomes(
        self, recipe: Recipe, variant: str, *, size: Size = "full", pretrained: str | None = None
    ) -> list[Outcome]:
        """What the finished runs of a variant gave, the newest of each seed."""
        newest: dict[int, Outcome] = {}
        for run in self.runs(recipe, variant, size=size, pretrained=pretrained):
            if run.config.seed not in newest and (found := outcome(run)):
                newest[run.config.seed] = found
        return list(newest.values())


def recipe_runs() -> RunsByConfiguration:
    """The runs of this machine, and those whose figures came with cnnviz."""
    return RunsByConfiguration([*every(), *reproduction_runs()])


def reproduction_runs() -> list[Run]:
    """Runs of which the configuration and figures lie under `docs/reproduction/`."""
    root = workspace.records_root()
    runs = [Run(folder.name, folder) for folder in sorted(root.iterdir())] if root.is_dir() else []
    return [run for run in runs if _readable(run)]


def _readable(run: Run) -> bool:
    try:
        return bool(run.record)
    except (ConfigError, RunError):
        return False


def outcome(run: Run) -> Outcome | None:
    """The figures of a run; None before it has finished."""
    try:
        found = (run.folder / "metrics.jsonl").stat()
    except OSError:
        return None
    return _outcome(run, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=2048)
def _outcome(run: Run, changed: int, size: int) -> Outcome | None:
    metrics = run.metrics()
    last = metrics.finished
    if not last or not metrics.epochs:
        return None
    epochs = metrics.epochs
    figures = {
        "test_accuracy": last["test_accuracy"],
        "test_loss": last["test_loss"],
        "seconds": last["seconds"],
        "best_validation_epoch": _lowest(epochs),
        "first_epoch_validation_accuracy": epochs[0].validation_accuracy,
    }
    # Of the weights that were tested: the last epoch's, or those of the best one where it was restored.
    ending = next((line for line in epochs if line.epoch == last["epoch"]), epochs[-1])
    for name in ("validation_accuracy", "validation_loss", "train_accuracy", "train_loss"):
        figures[name] = getattr(ending, name)
    if last["reason"] != "completed":
        figures["stopped_epoch"] = epochs[-1].epoch
    classes = metrics.started.get("classes", [])
    return Outcome(
        run=run,
        figures=figures,
        per_class={
            name: value
            for name, value in zip(classes, last["test_accuracy_by_class"], strict=False)
            if value is not None
        },
        test_count=last["test_count"],
        validation_count=metrics.started.get("validation", 0),
    )


def _lowest(epochs: Sequence[EpochEnded]) -> int:
    return int(min(epochs, key=lambda line: line.validation_loss).epoch)


def summary(outcomes: Sequence[Outcome], figure: str) -> VariantSummary | None:
    """One figure of several runs; None where none of them has it."""
    values = [one.figures[figure] for one in outcomes if figure in one.figures]
    if not values:
        return None
    return VariantSummary(mean(values), stdev(values) if len(values) > 1 else None, len(values))
