"""What the doctor finds in a run."""

from typing import Literal

from cnnviz.errors import CnnvizError
from cnnviz.progress import Work, within
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Cell, Drawing, Link, Table
from cnnviz.report.figures.of_network import OfNetwork
from cnnviz.runs.run import find


class Findings(OfNetwork):
    """Findings, with their remedies, and what was not looked for."""

    kind: Literal["doctor"] = "doctor"

    def draw(self) -> Work[Drawing]:
        from cnnviz.doctor import gather
        from cnnviz.doctor.rules import examine, rule

        run = find(self.run)
        facts = gather.from_files(run, self.snapshot)
        sources = provenance.of_runs([run])
        try:
            opened, data, of_network = yield from self.with_data()
            sources |= of_network
            facts = yield from within(gather.look_inside(facts, opened.model, opened.card, data), 0.1, 1.0)
        except CnnvizError as error:
            facts = gather.without(facts, error)
        found = examine(facts)
        rows: list[list[Cell]] = [
            [one.title, one.severity, one.words, " ".join(remedy.words for remedy in one.remedies)]
            for one in found.findings.values()
        ]
        words = f"{run.title}, {self.snapshot}: {found.summary.lower()}."
        if found.healthy:
            words += f" Nothing found: {', '.join(one.question.lower() for one in found.healthy)}."
        words += "".join(
            f" Not checked: {rule(name).question.lower()}, since {why}."
            for name, why in found.not_checked.items()
        )
        return Drawing(
            title=self.heading,
            table=Table(["finding", "severity", "in figures", "remedy"], rows) if rows else None,
            table_place="first",
            words=words,
            sources=sources,
        )

    @property
    def heading(self) -> str:
        return "What the doctor says"

    @property
    def command(self) -> str:
        return f"doctor {self.run} --snapshot {self.snapshot}"

    @property
    def link(self) -> Link:
        return Link("doctor", {"run": self.run, "snapshot": self.snapshot})
