"""The form that starts a run: a few settings in sight, all others behind "More settings"."""

from typing import Any

import streamlit as st

from cnnviz.config import Data, RunConfig
from cnnviz.config.words import words
from cnnviz.data import catalogue
from cnnviz.errors import CnnvizError, ConfigError
from cnnviz.formatting import duration
from cnnviz.runs import control
from cnnviz.runs.run import Run, every
from cnnviz.ui.resources import datasets, run_estimates
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.frame import guarded
from cnnviz.ui.shell.parameters import RUN
from cnnviz.ui.train import rate_finder
from cnnviz.ui.widgets import run_template
from cnnviz.ui.widgets.config_form import fields

_SHORT = ("network", "epochs", "batch_size", "optimiser")


def show(*, live: bool) -> None:
    """Draw the form; starts a run and selects it. While one is `live`, settings are folded: its curves come first."""
    number, start = run_template.current()
    key = f"form {number}"
    given = start.model_dump(mode="json")
    summary, button = st.container(), st.container()  # seen without scrolling, also on a telephone
    settings = st.expander("Settings", icon=":material/tune:", expanded=not live)
    with settings:
        values: dict[str, Any] = {"data": {"name": _data_set(given["data"]["name"], key)}}
        values |= fields(RunConfig, _SHORT, given, key=key)
    # One place to unfold while a run is live, so that its curves are in view.
    with settings if live else st.expander("More settings", icon=":material/page_info:"):
        names = [name for name in Data.model_fields if name != "name"]
        values["data"] |= fields(Data, names, given["data"], key=f"{key}.data")
        values["start"] = _start(given["start"], key)
        rest = [name for name in RunConfig.model_fields if name not in values]
        values |= fields(RunConfig, rest, given, key=key)
    config: RunConfig | None = None
    try:
        config = RunConfig.parse(values)
        _check(config)
        run_template.note(config)
        for caution in config.cautions:
            summary.warning(caution, icon=":material/warning:")
    except CnnvizError as error:
        summary.error(str(error), icon=":material/error:")
        config = None
    if button.button(
        "Start", type="primary", icon=":material/play_arrow:", width="stretch", disabled=config is None
    ):
        assert config is not None
        try:
            run_estimates.check(config)
            run = control.start(config)
        except CnnvizError as error:
            button.error(str(error), icon=":material/error:")
        else:
            selection.put(RUN, run.id)
            st.rerun()
    if config is not None:
        with summary, guarded():
            _summarise(config)
        place = st.expander(
            "Learning rate", icon=":material/show_chart:", key="rate finder", on_change="rerun"
        )
        if place.open:
            with place, guarded():
                rate_finder.show(config)


def _data_set(chosen: str, key: str) -> str:
    names = catalogue.available()
    if chosen not in names:
        st.warning(
            f"The data set {chosen} is not on this machine: get it on the Home page, or choose another."
        )
        chosen = names[0]
    titles = {name: entry.title for name, entry in catalogue.entries().items()}
    return st.selectbox(
        "Data", names, index=names.index(chosen), format_func=lambda name: titles.get(name, name), key=f"{key}.name",
        help="More data sets, and your own images: on the Home page.",
    )  # fmt: skip


def _start(given: dict[str, Any], key: str) -> dict[str, Any]:
    """Where the first weights come from; a run is chosen from a list, not typed."""
    runs: dict[str, Run] = {run.id: run for run in every() if run.snapshots()}
    sources = ["random", "imagenet"] + ["checkpoint"] * bool(runs)
    before = given["source"] if given["source"] in sources else "random"
    source = st.selectbox(
        "Start from", sources, index=sources.index(before), format_func=words, key=f"{key}.source"
    )
    if source != "checkpoint":
        return {"source": source}
    ids = list(runs)
    at = ids.index(given["run"]) if given.get("run") in ids else 0
    run = st.selectbox(
        "Checkpoint", ids, index=at, format_func=lambda name: runs[name].title, key=f"{key}.run"
    )
    return {"source": source, "run": run, "snapshot": runs[run].snapshots()[0]}


def _check(config: RunConfig) -> None:
    """Raise what can be said at once, without torch."""
    train, _ = datasets.split_sizes(config.data)
    if config.batch_size > train:
        raise ConfigError(
            f"The batch size is larger than the training set ({train:,} images): make it smaller."
        )


def _summarise(config: RunConfig) -> None:
    """What will happen: sizes first, then the time, which takes a moment to measure."""
    train, validation = datasets.split_sizes(config.data)
    steps = -(-train // config.batch_size) * config.epochs
    line = st.empty()
    sizes = f"**{train:,}** training and **{validation:,}** validation images · **{steps:,}** steps"
    line.caption(sizes)
    sizes = f"**{run_estimates.check(config):,}** parameters · {sizes}"
    line.caption(sizes)
    speed = run_estimates.speed(config.network, config.data, config.device, config.precision)
    time = duration(train * config.epochs / speed.images_per_second)
    line.caption(f"{sizes} · about **{time}** on this machine's {words(speed.device)}")
