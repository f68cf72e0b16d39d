"""Settings of runs: those that differ, or of a single one all that say what it is."""

from typing import Literal

from cnnviz.config import RunConfig
from cnnviz.config.change import CHANGEABLE
from cnnviz.config.comparison import SET_BY_MACHINE, differing, flat, setting_text
from cnnviz.config.words import setting_titles, setting_value
from cnnviz.progress import Progress, Work
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Drawing, Table
from cnnviz.report.figures.of_runs import OfRuns
from cnnviz.runs import changes
from cnnviz.runs.labels import labels
from cnnviz.runs.run import Run

_ALWAYS = (
    "data.name",
    "network.name",
    "epochs",
    "batch_size",
    "optimiser.name",
    "optimiser.learning_rate",
    "seed",
)


class Settings(OfRuns):
    """What was asked for."""

    kind: Literal["settings"] = "settings"

    def draw(self) -> Work[Drawing]:
        yield Progress(0.0, "Settings")
        runs = [provenance.run_named(name) for name in self.runs]
        settings = {run.id: _settings(run) for run in runs}
        if len(runs) > 1:
            keys = differing(settings)
            words = (
                f"The {len(keys)} settings in which the {len(runs)} runs differ; all others are the same."
                if keys
                else f"The {len(runs)} runs have the same settings."
            )
        else:
            usual = flat(RunConfig())
            (own,) = settings.values()
            keys = [key for key, value in own.items() if key in _ALWAYS or usual.get(key) != value]
            keys = [key for key in keys if key not in SET_BY_MACHINE]
            words = (
                "What was chosen; every other setting is the bench's usual one, and stands in the file below."
            )
        titles, names = setting_titles(keys), labels(runs)
        rows = [[key, *(setting_text(settings[run.id].get(key)) for run in runs)] for key in keys]
        seen = [
            [titles[key], *(setting_value(key, settings[run.id].get(key)) for run in runs)] for key in keys
        ]
        return Drawing(
            title=self.heading,
            table=Table(
                ["setting", *(run.id for run in runs)],
                rows,
                seen,
                seen_header=["setting", *(names[run.id] for run in runs)],
            ),
            table_place="first",
            words=words,
            sources={
                key: one
                for run in runs
                for key, one in provenance.of_files(run, "config.json", "changes.json").items()
            },
            files={f"{run.id}.json": run.config.model_dump_json(indent=1) for run in runs},
        )

    @property
    def heading(self) -> str:
        return "Settings"


def _settings(run: Run) -> dict[str, object]:
    found = flat(run.config)
    changed = ", ".join(
        f"{CHANGEABLE[one.setting].title} {one.value:g} after step {one.step:,}"
        for one in changes.read(run.folder)
    )
    return found | ({"changes": changed} if changed else {})
