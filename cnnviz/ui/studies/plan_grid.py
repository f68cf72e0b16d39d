"""Planning a grid: every combination of some values."""

import streamlit as st

from cnnviz.config.settings import ConfigSetting
from cnnviz.studies.definition import Grid
from cnnviz.studies.variant import values
from cnnviz.ui.studies.planned_settings import Settings, choose, proposals


def show(settings: Settings) -> Grid:
    """Draw the controls; the grid that they say. Raises ValidationError for one without values."""
    return Grid(settings={key: values(text) for key, text in choose(settings, _typed).items()})


def _typed(setting: ConfigSetting, key: str) -> str:
    return st.text_input("Values", ", ".join(proposals(setting)), key=key, help=setting.explanation or None)
