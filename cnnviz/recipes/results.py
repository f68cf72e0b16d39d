"""What came out of a recipe's runs: found by their configuration, wherever they were started."""

from cnnviz.recipes import plan
from cnnviz.recipes.recipe import Recipe, Size
from cnnviz.runs import records
from cnnviz.runs.by_configuration import RunsByConfiguration
from cnnviz.runs.outcome import Outcome, outcome
from cnnviz.runs.run import Run, every


class RecipeRuns(RunsByConfiguration):
    """All runs of this bench and all archived ones, by what was run."""

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


def recipe_runs() -> RecipeRuns:
    """The runs of this machine, and those whose figures came with cnnviz."""
    return RecipeRuns([*every(), *records.every()])
