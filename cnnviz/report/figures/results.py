"""What came out of runs: accuracy with its error, loss, time."""

from collections import defaultdict
from typing import Literal

from cnnviz.config.comparison import identity
from cnnviz.errors import RunError
from cnnviz.formatting import accuracy, duration, per_cent
from cnnviz.progress import Progress, Work
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Cell, Drawing, Table
from cnnviz.report.figures.of_runs import OfRuns
from cnnviz.runs.outcome import Outcome, outcome, summary
from cnnviz.runs.run import Run

_HEADER = ("run", "seed", "epoch", "validation accuracy", "test accuracy", "test loss", "training time")


class Results(OfRuns):
    """A row a run; where several seeds of one setting are among them, their mean and spread."""

    kind: Literal["results"] = "results"

    def draw(self) -> Work[Drawing]:
        yield Progress(0.0, "Results")
        runs = [provenance.run_named(name) for name in self.runs]
        rows: list[list[Cell]] = []
        seen: list[list[str]] = []
        groups: dict[str, list[Outcome]] = defaultdict(list)
        missing = []
        for run in runs:
            found = outcome(run)
            if found is None:
                missing.append(f"{run.id} ({run.status().state})")
                continue
            groups[identity(run.config)].append(found)
            rows.append(_row(run, found))
            seen.append(_seen(run, found))
        if not rows:
            raise RunError(f"Nothing has finished yet: {', '.join(missing)}.")
        for those in groups.values():
            if len(those) > 1:
                rows.append(_mean_row(those))
                seen.append(_mean_seen(those))
        words = "Accuracies ± the standard error of the images; means of several seeds ± their standard deviation."
        if missing:
            words += f" Missing, since not finished: {', '.join(missing)}."
        return Drawing(
            title=self.heading,
            table=Table(_HEADER, rows, seen),
            table_place="first",
            words=words,
            sources=provenance.of_runs(runs),
        )

    @property
    def heading(self) -> str:
        return "Results"


def _row(run: Run, found: Outcome) -> list[Cell]:
    figures = found.figures
    return [
        run.id,
        run.config.seed,
        run.metrics().finished["epoch"],
        figures["validation_accuracy"],
        figures["test_accuracy"],
        figures["test_loss"],
        figures["seconds"],
    ]


def _seen(run: Run, found: Outcome) -> list[str]:
    figures = found.figures
    return [
        run.title,
        str(run.config.seed),
        str(run.metrics().finished["epoch"]),
        accuracy(figures["validation_accuracy"], found.validation_count),
        accuracy(figures["test_accuracy"], found.test_count),
        f"{figures['test_loss']:.4f}",
        duration(figures["seconds"]),
    ]


def _mean_row(those: list[Outcome]) -> list[Cell]:
    names = ("validation_accuracy", "test_accuracy", "test_loss", "seconds")
    return [f"mean of {len(those)} seeds", None, None, *(_mean(those, name)[0] for name in names)]


def _mean_seen(those: list[Outcome]) -> list[str]:
    shares = [per_cent(*_mean(those, name)) for name in ("validation_accuracy", "test_accuracy")]
    loss, spread = _mean(those, "test_loss")
    return [
        f"mean of {len(those)} seeds: {those[0].run.title}",
        "",
        "",
        *shares,
        f"{loss:.4f} ± {spread:.4f}",
        duration(_mean(those, "seconds")[0]),
    ]


def _mean(those: list[Outcome], name: str) -> tuple[float, float]:
    found = summary(those, name)
    assert found is not None
    assert found.deviation is not None
    return found.mean, found.deviation
