"""What is being looked at: one selection for all pages, kept in the address, so that every view is a link."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

_MEMORY = "selection"


def get(name: str) -> str | None:
    """The value of one part of the selection: from the address, or as it was on the page before."""
    value = st.query_params.get(name) or _remembered().get(name)
    return str(value) if value is not None else None


def put(name: str, value: str) -> None:
    """Select `value`, and say so in the address."""
    _remembered()[name] = value
    if st.query_params.get(name) != value:
        st.query_params[name] = value


def drop(name: str) -> None:
    """Select nothing."""
    _remembered().pop(name, None)
    st.query_params.pop(name, None)


def follow(name: str, options: Sequence[str], default: str) -> str:
    """The selected one of `options`; `default` if none of them is selected. Ends up in the address.

    An address that asks for something else gets a line that says so.
    """
    value = get(name)
    if value not in options:
        if st.query_params.get(name) and value is not None:
            st.warning(f"There is no {name} {value!r} here; this is {default!r}.", icon=":material/link_off:")
        value = default
    put(name, value)
    return value


def selectbox(
    label: str,
    name: str,
    options: Sequence[str],
    *,
    default: str,
    words: Callable[[str], str] = str,
    **looks: Any,
) -> str:
    """A select box that follows the selection."""
    return _widget(st.selectbox, label, name, options, default, words, looks)


def segments(
    label: str,
    name: str,
    options: Sequence[str],
    *,
    default: str,
    words: Callable[[str], str] = str,
    **looks: Any,
) -> str:
    """A row of buttons, one of them down, that follows the selection."""
    return _widget(st.segmented_control, label, name, options, default, words, looks | {"required": True})


def slider(
    label: str,
    name: str,
    options: Sequence[str],
    *,
    default: str,
    words: Callable[[str], str] = str,
    **looks: Any,
) -> str:
    """A slider over named places that follows the selection; arrow keys walk it."""
    return _widget(st.select_slider, label, name, options, default, words, looks)


def _widget(
    widget: Callable[..., Any],
    label: str,
    name: str,
    options: Sequence[str],
    default: str,
    words: Callable[[str], str],
    looks: dict[str, Any],
) -> str:
    key = f"selected {name}"
    st.session_state[key] = follow(name, options, default)

    def take() -> None:
        put(name, st.session_state[key])

    widget(label, options, key=key, format_func=words, on_change=take, **looks)
    return str(st.session_state[key])


def _remembered() -> dict[str, str]:
    memory: dict[str, str] = st.session_state.setdefault(_MEMORY, {})
    return memory
