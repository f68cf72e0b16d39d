"""What a report says beside what came out here."""

from typing import Literal

from cnnviz.progress import Progress, Work
from cnnviz.recipes import library
from cnnviz.recipes.assessment import assess
from cnnviz.recipes.results import recipe_runs
from cnnviz.recipes.results_table import figure_text, side_by_side
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Cell, Drawing, Figure, Link, Table


class Reported(Figure):
    """The variants of a recipe: reported, measured, and how they agree."""

    kind: Literal["reported"] = "reported"
    recipe: str

    def draw(self) -> Work[Drawing]:
        yield Progress(0.0, f"Experiment {self.recipe}")
        recipe = library.find(self.recipe)
        rows: list[list[Cell]] = []
        runs = []
        for one in assess(recipe, recipe_runs()):
            there = bool(one.outcomes)
            said, measured = side_by_side(one.variant.reported, one.outcomes)
            rows.append(
                [
                    one.variant.id,
                    said,
                    measured,
                    len(one.outcomes),
                    one.size if there else "–",
                    figure_text(one.outcomes, "seconds") if there else "–",
                    one.verdict.words if there else "not run yet",
                ]
            )
            runs += [found.run for found in one.outcomes]
        parts = [
            f"{word}: {text.strip()}"
            for word, text in (("Claimed", recipe.claim), ("Finding", recipe.finding))
            if text
        ]
        return Drawing(
            title=f"{recipe.id}: {recipe.title}",
            table=Table(["variant", "reported", "measured", "seeds", "size", "training", "verdict"], rows),
            table_place="first",
            words=" ".join(
                ["Accuracy of the test: mean ± deviation over seeds, then its standard error.", *parts]
            ),
            sources=provenance.of_runs(runs),
        )

    @property
    def heading(self) -> str:
        return f"Reported and measured: {self.recipe}"

    @property
    def command(self) -> str:
        return f"reproduce {self.recipe} --no-run"

    @property
    def link(self) -> Link:
        return Link("experiments", {"recipe": self.recipe})
