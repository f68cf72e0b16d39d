"""Where and with what runs were trained, and what trains them again."""

from typing import Literal

from cnnviz.progress import Progress, Work
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Cell, Drawing, Figure, Link, RunIds, Table
from cnnviz.runs.run import find


class Environment(Figure):
    """Machine, versions, seed and weights of each run, and its settings as a file that `train` takes."""

    kind: Literal["environment"] = "environment"
    runs: RunIds

    def draw(self) -> Work[Drawing]:
        yield Progress(0.0, "Environment")
        runs = [find(name) for name in self.runs]
        rows: list[list[Cell]] = []
        sources: dict[str, str] = {}
        for run in runs:
            record = run.record
            way = run.metrics().started.get("execution", {})
            weights = provenance.of_weights(run, "last") if "last" in run.snapshots() else {}
            rows.append(
                [
                    run.id,
                    record.config.seed,
                    record.machine,
                    ", ".join(str(way[key]) for key in ("device", "precision", "memory_format") if key in way)
                    or "–",
                    ", ".join(f"{name} {one}" for name, one in record.versions.items()),
                    next(iter(weights.values()), "–")[:16],
                    f"python -m cnnviz train {run.id}.json",
                ]
            )
            sources |= provenance.of_files(run, "config.json") | weights
        return Drawing(
            title=self.heading,
            table=Table(
                [
                    "run",
                    "seed",
                    "machine",
                    "computed",
                    "versions",
                    "SHA-256 of the weights",
                    "to train it again",
                ],
                rows,
            ),
            table_place="first",
            words="The same settings, seed and versions give the same weights on a machine of the same kind. "
            "The script that export writes does so with PyTorch alone.",
            sources=sources,
            files={f"{run.id}.json": run.config.model_dump_json(indent=1) for run in runs},
        )

    @property
    def heading(self) -> str:
        return "Environment"

    @property
    def command(self) -> str:
        return f"runs {self.runs[0]}"

    @property
    def link(self) -> Link:
        return Link("runs", {"runs": ",".join(self.runs)})
