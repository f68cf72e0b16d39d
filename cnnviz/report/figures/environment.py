"""Where and with what runs were trained, and what trains them again."""

from typing import Literal

from cnnviz.progress import Progress, Work
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Cell, Drawing, Table
from cnnviz.report.figures.of_runs import OfRuns


class Environment(OfRuns):
    """Machine, versions, seed and weights of each run, and its settings as a file that `train` takes."""

    kind: Literal["environment"] = "environment"

    def draw(self) -> Work[Drawing]:
        yield Progress(0.0, "Environment")
        runs = [provenance.run_named(name) for name in self.runs]
        rows: list[list[Cell]] = []
        sources: dict[str, str] = {}
        for run in runs:
            record, way = run.record, run.metrics().started.get("execution", {})
            weights = provenance.of_weights(run, "last") if "last" in run.snapshots() else {}
            sources |= provenance.of_files(run, "config.json") | weights
            parts = (str(way[key]) for key in ("device", "precision", "memory_format") if key in way)
            versions = ", ".join(f"{name} {one}" for name, one in record.versions.items())
            digest = next(iter(weights.values()), "–")[:16]
            rows.append(
                [run.id, record.config.seed, ", ".join(parts) or "–", record.machine, versions, digest]
            )
        header = ["run", "seed", "computed", "machine", "versions", "weights (SHA-256)"]
        shared = [at for at in (3, 4) if len({row[at] for row in rows}) == 1]
        common = "; ".join(str(rows[0][at]) for at in shared)
        kept = [at for at in range(len(header)) if at not in shared]
        return Drawing(
            title=self.heading,
            table=Table([header[at] for at in kept], [[row[at] for at in kept] for row in rows]),
            table_place="first",
            words=(f"{'All: ' if len(rows) > 1 else ''}{common}. " if common else "")
            + "Settings are below, as files: python -m cnnviz train RUN.json trains one again. The same settings, seed "
            "and versions give the same weights on such a machine.",
            sources=sources,
            files={f"{run.id}.json": run.config.model_dump_json(indent=1) for run in runs},
        )

    @property
    def heading(self) -> str:
        return "Environment"
