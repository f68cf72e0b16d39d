"""The configuration that the run form starts from: any page may fill it in."""

import streamlit as st

from cnnviz.config import ResNet18, RunConfig

_FIRST = RunConfig(network=ResNet18(stem="imagenet"), epochs=5)
"""A run of a minute or two on a laptop."""
_STATE, _LATEST = "form", "form as it is"


def current() -> tuple[int, RunConfig]:
    """How often the form was filled in, and with what."""
    found: tuple[int, RunConfig] = st.session_state.setdefault(_STATE, (0, _FIRST))
    return found


def latest() -> RunConfig:
    """What the form says now, or will begin with."""
    found: RunConfig = st.session_state.get(_LATEST) or current()[1]
    return found


def note(config: RunConfig) -> None:
    """Remember what the form says."""
    st.session_state[_LATEST] = config


def fill(config: RunConfig) -> None:
    """Have the form start from `config`."""
    st.session_state.pop(_LATEST, None)
    st.session_state[_STATE] = (current()[0] + 1, config)
