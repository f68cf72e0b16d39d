"""The form that starts a run: a few settings in sight, all others behind "More settings"."""

from typing import Any

import streamlit as st

from cnnviz.config import Data, ResNet18, RunConfig
from cnnviz.data import catalogue
from cnnviz.errors import CnnvizError, ConfigError
from cnnviz.runs import control
from cnnviz.runs.run import Run, every
from cnnviz.ui import cache, selection
from cnnviz.ui.components.form import fields, words
from cnnviz.words import duration

_FIRST = RunConfig(network=ResNet18(stem="imagenet"), epochs=5)
"""A run of a minute or two on a laptop."""
_SHORT = ("network", "epochs", "batch_size", "optimiser")
_STATE = "form"


def fill(config: RunConfig) -> None:
    """Have the form start from `config`."""
    number = st.session_state.get(_STATE, (0, _FIRST))[0]
    st.session_state[_STATE] = (number + 1, config)


def show() -> None:
    """Draw the form; starts a run and selects it."""
    number, start = st.session_state.setdefault(_STATE, (0, _FIRST))
    key = f"form {number}"
    given = start.model_dump(mode="json")
    values: dict[str, Any] = {"data": {"name": _data_set(given["data"]["name"], key)}}
    values |= fields(RunConfig, _SHORT, given, key=key)
    with st.expander("More settings", icon=":material/tune:"):
        names = [name for name in Data.model_fields if name != "name"]
        values["data"] |= fields(Data, names, given["data"], key=f"{key}.data")
        values["start"] = _start(given["start"], key)
        rest = [name for name in RunConfig.model_fields if name not in values]
        values |= fields(RunConfig, rest, given, key=key)
    try:
        config = RunConfig.parse(values)
        _summary(config)
    except CnnvizError as error:
        st.error(str(error), icon=":material/error:")
        config = None
    if st.button(
        "Start", type="primary", icon=":material/play_arrow:", width="stretch", disabled=config is None
    ):
        assert config is not None
        try:
            run = control.start(config)
        except CnnvizError as error:
            st.error(str(error), icon=":material/error:")
            return
        selection.put("run", run.id)
        st.rerun()


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


def _summary(config: RunConfig) -> None:
    """What will happen: sizes and time."""
    plan = cache.plan(config)
    seconds = plan.images * config.epochs / plan.images_per_second
    st.caption(
        f"**{plan.parameters:,}** parameters · **{plan.images:,}** training and **{plan.validation:,}** validation "
        f"images · **{plan.steps:,}** steps · about **{duration(seconds)}** on this machine's {words(plan.device)}"
    )
    if config.batch_size > plan.images:
        raise ConfigError(
            f"The batch size is larger than the training set ({plan.images:,} images): make it smaller."
        )
