"""Planning a study: whose settings, what varies, how often."""

from collections.abc import Mapping, Sequence

import streamlit as st
from pydantic import ValidationError

from cnnviz.config import RunConfig, explain
from cnnviz.config.settings import ConfigSetting, settings_of
from cnnviz.errors import CnnvizError, ConfigError
from cnnviz.formatting import duration
from cnnviz.progress import finish
from cnnviz.runs.run import every
from cnnviz.studies import folder, plan, progress
from cnnviz.studies.definition import CONFIRMED_FROM, Grid, Study, Task
from cnnviz.studies.variant import values
from cnnviz.ui.resources import datasets, run_estimates
from cnnviz.ui.shell import selection
from cnnviz.ui.studies.parameters import STUDY
from cnnviz.ui.widgets import run_template
from cnnviz.ui.widgets.config_form import setting_titles, words

_FORM, _NONE = "form", ""
_FIRST = "optimiser.learning_rate"


def show() -> None:
    """Draw the form; Start makes a study and opens it."""
    base = _base()
    settings = {one.key: one for one in settings_of(base) if one.key not in ("title", "seed")}
    titles = setting_titles(settings)
    varied = _varied(settings, titles)
    seeds = int(st.number_input("Seeds", 1, 100, 3, key="study seeds", help="Runs of each variant."))
    default = " × ".join(titles[key] for key in varied) or "Seeds"
    title = st.text_input("Title", placeholder=default, max_chars=60, key="study title") or default
    place = st.empty()
    try:
        study = _study(title, base, varied, seeds)
        yes = study.count <= CONFIRMED_FROM or st.checkbox(
            f"Yes, {study.count:,} runs", key="study confirmed"
        )
        missing = progress.unfinished(study) if yes else []
    except CnnvizError as error:
        place.error(str(error), icon=":material/error:")
        return
    sizes = f"**{study.count:,}** runs: {study.vary.count:,} variants × {seeds} seeds"
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


def _base() -> RunConfig:
    runs = {run.id: run for run in every() if not run.imported}
    chosen = st.selectbox(
        "Settings of",
        [_FORM, *runs],
        format_func=lambda name: "the form on New run" if name == _FORM else runs[name].title,
        key="study base",
        help="What all runs of the study share.",
    )
    if chosen in runs:
        return runs[chosen].config
    config = run_template.latest()
    st.caption(f"{words(config.network.name)} on {config.data.name}, {config.epochs} epochs")
    return config


def _varied(settings: Mapping[str, ConfigSetting], titles: Mapping[str, str]) -> dict[str, str]:
    """Values as they are typed, by setting: of one or two settings."""
    keys = list(settings)
    found: dict[str, str] = {}
    for number, label in enumerate(("What varies", "And")):
        options = keys if not number else [_NONE, *(key for key in keys if key not in found)]
        first = options.index(_FIRST) if not number and _FIRST in options else 0
        key = st.selectbox(
            label,
            options,
            index=first,
            format_func=lambda one: titles.get(one, "nothing else"),
            key=f"study setting {number}",
        )
        if key:
            setting = settings[key]
            found[key] = st.text_input(
                "Values",
                _proposal(setting),
                key=f"study values {number} {key}",
                help=setting.explanation or None,
            )
    return found


def _proposal(setting: ConfigSetting) -> str:
    """Values to begin with: all choices, else some around the present one."""
    if setting.choices:
        return ", ".join(setting.choices[:6])
    value = setting.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not value:
        return "" if value is None else str(value)
    if isinstance(value, int):
        return f"{max(1, value // 2)}, {value}, {2 * value}"
    return f"{value / 3:.1g}, {value:g}, {3 * value:.1g}"


def _study(title: str, base: RunConfig, varied: Mapping[str, str], seeds: int) -> Study:
    try:
        grid = Grid(settings={key: values(text) for key, text in varied.items()})
        return Study(title=title, base=base, vary=grid, seeds=seeds)
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
