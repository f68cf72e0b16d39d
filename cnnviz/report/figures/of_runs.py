"""What figures of several runs share."""

from cnnviz.report.figures.figure import Figure, Link, RunIds


class OfRuns(Figure):
    """A figure of some runs, which the bench shows side by side."""

    runs: RunIds

    @property
    def command(self) -> str:
        return f"compare {' '.join(self.runs)}" if len(self.runs) > 1 else f"runs {self.runs[0]}"

    @property
    def link(self) -> Link:
        return Link("runs", {"runs": ",".join(self.runs)})
