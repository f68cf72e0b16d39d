"""What came out of a run, and of several alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import mean, stdev

from cnnviz.runs.run import Run
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
class Summary:
    """One figure over several seeds."""

    mean: float
    deviation: float | None
    """Standard deviation over the seeds; None for a single one."""
    seeds: int


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
        "best_validation_accuracy": max(line.validation_accuracy for line in epochs),
        "lowest_validation_loss": min(line.validation_loss for line in epochs),
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


def summary(outcomes: Sequence[Outcome], figure: str) -> Summary | None:
    """One figure of several runs; None where none of them has it."""
    values = [one.figures[figure] for one in outcomes if figure in one.figures]
    if not values:
        return None
    return Summary(mean(values), stdev(values) if len(values) > 1 else None, len(values))
