"""Choosing which settings vary, and what they can be."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import streamlit as st
from pydantic import JsonValue

from cnnviz.config.settings import ConfigSetting
from cnnviz.config.words import setting_titles
from cnnviz.studies.variant import value

Settings = Mapping[str, ConfigSetting]
"""Those of the base, by dotted key."""
T = TypeVar("T")
_NONE = ""
_FIRST = "optimiser.learning_rate"
_MOST = 6


def choose(settings: Settings, values: Callable[[ConfigSetting, str], T]) -> dict[str, T]:
    """What `values` draws and gives for each setting that is chosen, the next one being offered below it.

    `values` is given the setting and a key for its controls.
    """
    titles = setting_titles(settings)
    found: dict[str, T] = {}
    for number in range(_MOST):
        options = [key for key in settings if key not in found]
        options = [_NONE, *options] if number else options
        first = options.index(_FIRST) if not number and _FIRST in options else 0
        key = st.selectbox(
            "And" if number else "What varies",
            options,
            index=first,
            format_func=lambda one: titles.get(one, "nothing else"),
            key=f"study setting {number}",
        )
        if not key:
            break
        found[key] = values(settings[key], f"study values {number} {key}")
    return found


def forget() -> None:
    """Propose values anew: what was typed was meant for another base."""
    for key in [key for key in st.session_state if str(key).startswith("study values ")]:
        del st.session_state[key]


def proposals(setting: ConfigSetting) -> Sequence[str]:
    """Values to begin with: all choices, else some around the present one."""
    if setting.choices:
        return setting.choices[:6]
    now = number(setting)
    if not now:
        return [] if setting.value is None else [str(setting.value)]
    if isinstance(now, int):
        return [f"{max(1, now // 2)}", f"{now}", f"{2 * now}"]
    return [f"{now / 3:.1g}", f"{now:g}", f"{3 * now:.1g}"]


def number(setting: ConfigSetting) -> int | float | None:
    """What the setting is now, where that is a number."""
    now = setting.value
    return now if isinstance(now, int | float) and not isinstance(now, bool) else None


def typed(setting: ConfigSetting, word: str) -> JsonValue:
    """A value of a setting, of the text of a choice or of what is typed."""
    return word if word in setting.choices and word not in ("true", "false") else value(word)
