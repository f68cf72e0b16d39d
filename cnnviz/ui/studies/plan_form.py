"""Planning a study: whose settings, how they vary, how often."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st
from pydantic import ValidationError

from cnnviz.config import RunConfig, explain
from cnnviz.config.settings import settings_of
from cnnviz.config.words import setting_titles, words
from cnnviz.errors import CnnvizError, ConfigError
from cnnviz.formatting import duration
from cnnviz.progress import finish
from cnnviz.registry import Entry
from cnnviz.runs.run import every
from cnnviz.studies import folder, plan, progress
from cnnviz.studies.definition import CONFIRMED_FROM, Grid, Listing, Study, Task
from cnnviz.studies.search_space import Search
from cnnviz.ui.resources import datasets, run_estimates
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import STUDY
from cnnviz.ui.studies import plan_grid, plan_list, plan_search, planned_settings
from cnnviz.ui.studies.planned_settings import Settings
from cnnviz.ui.widgets import run_template

_FORM = "form"
Vary = Grid | Listing | Search


@dataclass(frozen=True)
class PlanKind(Entry):
    """A way to say what varies."""

    form: Callable[[Settings], Vary]
    """Draws its controls; raises ValidationError for what can't be."""
    variants: str
    """What its variants are called."""
    seeds: int
    """Runs of each, if nobody says otherwise."""


KINDS: Mapping[str, PlanKind] = {
    "grid": PlanKind("Every combination", plan_grid.show, "variants", 3),
    "list": PlanKind("A list", plan_list.show, "variants", 3),
    "search": PlanKind("A search", plan_search.show, "trials", 1),
}


def show() -> None:
    """Draw the form; Start makes a study and opens it."""
    base = _base()
    settings = {one.key: one for one in settings_of(base) if one.key not in ("title", "seed")}
    kind = KINDS[
        st.segmented_control(
            "Study", list(KINDS), default="grid", required=True, key="study kind",
            format_func=lambda one: KINDS[one].title,
        )
    ]  # fmt: skip
    vary, wrong = _vary(kind, settings)
    seeds = int(
        st.number_input(
            "Seeds",
            1,
            100,
            kind.seeds,
            key=f"study seeds {kind.title}",
            help=f"Runs of each of its {kind.variants}.",
        )
    )
    titles = setting_titles(settings)
    default = " × ".join(titles[key] for key in (vary.varied if vary else ()))[:60] or "Seeds"
    title = st.text_input("Title", placeholder=default, max_chars=60, key="study title") or default
    place = st.empty()
    try:
        if vary is None:
            raise ConfigError(wrong)
        study = _study(title, base, vary, seeds)
        yes = study.count <= CONFIRMED_FROM or st.checkbox(
            f"Yes, {study.count:,} runs", key="study confirmed"
        )
        missing = progress.unfinished(study) if yes else []
    except CnnvizError as error:
        place.error(str(error), icon=":material/error:")
        return
    times = "1 seed" if seeds == 1 else f"{seeds} seeds"
    sizes = f"**{study.count:,}** runs: {study.vary.count:,} {kind.variants} × {times}"
    if yes and len(missing) < study.count:
        sizes += f"; {study.count - len(missing):,} are there"
    place.caption(sizes)
    if st.button("Start", type="primary", icon=":material/play_arrow:", width="stretch", disabled=not yes):
        try:
            _start(study)
        except CnnvizError as error:
            st.error(str(error), icon=":material/error:")
    if yes and missing:
        place.caption(f"{sizes} · {_time(missing)}")


def _vary(kind: PlanKind, settings: Settings) -> tuple[Vary | None, str]:
    """What its controls say; else what is wrong with that."""
    try:
        return kind.form(settings), ""
    except ValidationError as error:
        return None, explain(error)


def _base() -> RunConfig:
    runs = {run.id: run for run in every() if run.repeatable}
    chosen = st.selectbox(
        "Settings of",
        [_FORM, *runs],
        format_func=lambda name: "the form on New run" if name == _FORM else runs[name].title,
        key="study base",
        on_change=planned_settings.forget,
        help="What all runs of the study share.",
    )
    if chosen in runs:
        return runs[chosen].config
    config = run_template.latest()
    st.caption(f"{words(config.network.name)} on {config.data.name}, {config.epochs} epochs")
    return config


def _study(title: str, base: RunConfig, vary: Vary, seeds: int) -> Study:
    try:
        return Study(title=title, base=base, vary=vary, seeds=seeds)
    except ValidationError as error:
        raise ConfigError(explain(error)) from None


def _time(missing: Sequence[Task]) -> str:
    try:
        return f"about **{duration(finish(plan.seconds(missing, _Machine())))}** on this machine"
    except CnnvizError as error:
        return str(error)


class _Machine:
    """This machine, as the app has come to know it."""

    def images(self, config: RunConfig) -> int:
        return datasets.split_sizes(config.data)[0]

    def images_per_second(self, config: RunConfig) -> float:
        found = run_estimates.speed(config.network, config.data, config.device, config.precision)
        return found.images_per_second


def _start(study: Study) -> None:
    plan.check(study)
    name = folder.create(study)
    progress.start(name)
    selection.put(STUDY, name)
    st.rerun()
