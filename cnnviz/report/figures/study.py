"""What a study found."""

from typing import Literal

from cnnviz.diagnosis.noise import CHOOSING
from cnnviz.errors import RunError
from cnnviz.formatting import decimal, duration, per_cent
from cnnviz.progress import Progress, Work
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Cell, Drawing, Figure, Link, StudyId, Table
from cnnviz.studies import progress
from cnnviz.studies.results import Mean, beside_first, best, listed


class StudyResults(Figure):
    """Each variant over its seeds, by its validation figure."""

    kind: Literal["study"] = "study"
    study: StudyId

    def draw(self) -> Work[Drawing]:
        yield Progress(0.0, "Study")
        now = progress.look(self.study)
        found = listed(now)
        there = [row for row in found if row.validation is not None]
        if not there:
            raise RunError(f"No run of the study {self.study} has finished: {now.state}.")
        share = now.study.objective == "validation_accuracy"
        value = "Validation accuracy" if share else "Validation loss"
        first = best(found, now)
        words = (
            f"{now.study.title}: {now.finished:,} of {len(now.trials):,} runs finished. "
            f"Means over seeds ± standard error; chosen by validation images alone"
            + (f", where {now.study.words(first.variant)} is best." if first else ".")
        )
        if now.finished < len(now.trials):
            words += f" Missing: {len(now.trials) - now.finished:,} runs ({now.state})."
        cells: list[list[Cell]] = [
            [
                row.variant.name,
                row.finished,
                *_mean(row.validation),
                *_mean(row.test),
                row.seconds.value if row.seconds else None,
            ]
            for row in found
        ]
        told = beside_first(found, now)
        verdicts = ["–", *(one.words if one else "–" for one in told)] if any(told) else []
        seen = [
            [
                now.study.words(row.variant),
                f"{row.finished} of {len(row.trials)}",
                _text(row.validation, share=share),
                *verdicts[at : at + 1],
                _text(row.test),
                duration(row.seconds.value) if row.seconds else "–",
            ]
            for at, row in enumerate(found)
        ]
        error = "± standard error"
        header = ["variant", "seeds", value.lower(), error, "test accuracy", error, "training time"]
        against = ["against the first"] if verdicts else []
        shown = ["variant", "seeds", value.lower(), *against, "test accuracy", "training time"]
        if verdicts:
            words += f" Differences from the first hold for all together (Holm). {CHOOSING}"
        return Drawing(
            title=now.study.title,
            table=Table(header, cells, seen, seen_header=shown),
            table_place="first",
            words=words,
            sources=provenance.of_runs(one.run for one in now.trials if one.run),
        )

    @property
    def heading(self) -> str:
        return f"Study {self.study}"

    @property
    def command(self) -> str:
        return f"study show {self.study}"

    @property
    def link(self) -> Link:
        return Link("studies", {"study": self.study})


def _mean(mean: Mean | None) -> tuple[float | None, float | None]:
    return (None, None) if mean is None else (mean.value, mean.standard_error)


def _text(mean: Mean | None, *, share: bool = True) -> str:
    if mean is None:
        return "–"
    return per_cent(mean.value, mean.standard_error) if share else decimal(mean.value, ".4f")
