"""Planning a search: ranges, how many trials, and how the next one is found."""

from collections.abc import Callable, Mapping

import streamlit as st

from cnnviz.config.settings import ConfigSetting
from cnnviz.studies.search_space import Choices, Range, Search
from cnnviz.studies.variant import values
from cnnviz.ui.studies.planned_settings import Settings, choose, number, proposals, typed

_SAMPLERS: Mapping[str, str] = {"tpe": "Near the better ones (TPE)", "random": "At random"}
_PRUNERS: Mapping[str, str] = {
    "none": "No trial", "median": "Those below the median", "hyperband": "The worse ones, in rounds (Hyperband)",
}  # fmt: skip
_POWERS = {"learning_rate", "weight_decay", "batch_size", "eps"}
"""Last parts of settings whose ranges are walked in powers, if nobody says otherwise."""


def show(settings: Settings) -> Search:
    """Draw the controls; the search that they say. Raises ValidationError for an empty range."""
    spaces = choose(settings, _space)
    trials = int(st.number_input("Trials", 1, 10_000, 20, key="study trials"))
    sampler = st.selectbox(
        "Next ones are tried", list(_SAMPLERS), format_func=lambda one: _SAMPLERS[one], key="study sampler"
    )
    pruner = st.selectbox(
        "Given up early", list(_PRUNERS), format_func=lambda one: _PRUNERS[one], key="study pruner"
    )
    # Nothing is said of a wrong range before all is drawn: what is not drawn forgets what was typed.
    varied = {key: space() for key, space in spaces.items()}
    return Search.model_validate({"settings": varied, "trials": trials, "sampler": sampler, "pruner": pruner})


def _space(setting: ConfigSetting, key: str) -> Callable[[], Range | Choices]:
    """Draws a range of a number, else values; what it gives makes that, and raises ValidationError."""
    now = number(setting)
    if setting.choices:
        chosen = st.multiselect("Values", setting.choices, default=setting.choices[:6], key=f"{key} of")
        return lambda: Choices(choices=tuple(typed(setting, one) for one in chosen))
    if now is None:
        text = st.text_input(
            "Values", ", ".join(proposals(setting)), key=f"{key} of", help=setting.explanation or None
        )
        return lambda: Choices(choices=values(text))
    powers = setting.key.rpartition(".")[2] in _POWERS and now > 0
    low, high = (now / 10, now * 10) if powers and isinstance(now, float) else (now / 2, now * 2)
    whole = isinstance(now, int)
    left, right = st.columns(2)
    with left:
        first = _number("From", max(1, round(low)) if whole else low, key=f"{key} from")
    with right:
        last = _number("To", max(2, round(high)) if whole else (high or 0.5), key=f"{key} to")
    in_powers = st.toggle(
        "In powers",
        powers,
        key=f"{key} powers",
        help="As often between 0.001 and 0.01 as between 0.01 and 0.1.",
    )
    return lambda: Range(low=first, high=last, scale="log" if in_powers else "linear")


def _number(label: str, value: int | float, *, key: str) -> int | float:
    if isinstance(value, int):
        return int(st.number_input(label, value=value, step=1, key=key))
    return float(st.number_input(label, value=float(value), step=0.01, format="%.6g", key=key))
