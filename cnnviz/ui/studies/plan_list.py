"""Planning a list: variants one by one, a line each."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from cnnviz.config.settings import ConfigSetting
from cnnviz.config.words import setting_titles
from cnnviz.studies.definition import Listing
from cnnviz.ui.studies.planned_settings import Settings, number, proposals, typed

_FIRST = "optimiser.learning_rate"
_LINES = 3


def show(settings: Settings) -> Listing:
    """Draw the controls; the list that they say. Raises ValidationError for one without lines."""
    titles = setting_titles(settings)
    keys = st.multiselect(
        "What differs",
        list(settings),
        default=[key for key in (_FIRST,) if key in settings],
        format_func=lambda one: titles[one],
        key="study settings of a list",
        placeholder="Choose settings",
    )
    if not keys:
        return Listing(settings=())
    edited = st.data_editor(
        pd.DataFrame(_first(settings, keys), columns=keys, dtype=object),
        num_rows="dynamic",
        hide_index=True,
        column_config={key: _column(settings[key], titles[key]) for key in keys},
        key=f"study list {','.join(keys)}",
        placeholder="as it is",
    )
    st.caption("A line a variant.")
    return listing(edited.to_dict("records"), settings)


def listing(lines: Iterable[Mapping[Any, Any]], settings: Settings) -> Listing:
    """What a table says, each line of which has texts by setting; no text leaves a setting as it is."""
    return Listing(
        settings=tuple(
            {
                str(key): typed(settings[str(key)], word.strip())
                for key, word in line.items()
                if isinstance(word, str) and word.strip()
            }
            for line in lines
        )
    )


def _first(settings: Settings, keys: list[str]) -> list[dict[str, str | None]]:
    """The base, and other values of the first setting."""
    first = settings[keys[0]]
    now = f"{number(first):g}" if number(first) is not None else str(first.value)
    others = [one for one in proposals(first) if one != now]
    return [dict.fromkeys(keys), *(dict.fromkeys(keys) | {keys[0]: one} for one in others[: _LINES - 1])]


def _column(setting: ConfigSetting, title: str) -> Any:
    now = "off" if setting.value is None else str(setting.value)
    help_text = f"{setting.explanation}  Now {now}.".strip()
    if setting.choices:
        return st.column_config.SelectboxColumn(title, options=list(setting.choices), help=help_text)
    return st.column_config.TextColumn(title, help=help_text)
