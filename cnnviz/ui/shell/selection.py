"""What is being looked at: one selection for all pages, kept in the address, so that every view is a link."""

from collections.abc import Callable, Sequence

import streamlit as st

from cnnviz.formatting import quoted
from cnnviz.ui.shell.query import query

_MEMORY = "selection"


def get(name: str) -> str | None:
    """The value of one part of the selection: from the address, or as it was on the page before."""
    value = query.get(name)
    if value:
        _remembered()[name] = str(value)
    return _remembered().get(name)


def here(name: str) -> str | None:
    """The value in the address of this page alone, whatever was selected before."""
    value = query.get(name)
    return str(value) if value is not None else None


def put(name: str, value: str) -> None:
    """Select `value`, and say so in the address."""
    _remembered()[name] = value
    if query.get(name) != value:
        query[name] = value


def drop(name: str) -> None:
    """Select nothing."""
    _remembered().pop(name, None)
    query.pop(name, None)


def renamed(before: str, name: str, options: Sequence[str]) -> None:
    """Take `name` from an old link, in which it was called `before`, if that says one of its options."""
    value = query.get(before)
    if value in options and not query.get(name):
        query.pop(before)
        put(name, str(value))


def follow(name: str, options: Sequence[str], default: str) -> str:
    """The selected one of `options`; `default` if none of them is selected. Ends up in the address.

    An address that asks for something else gets a line that says so.
    """
    value = get(name)
    if value is None or value not in options:
        if query.get(name):
            asked = quoted(str(value))
            st.warning(
                f"There is no {name} '{asked}' here; this is '{quoted(default)}'.", icon=":material/link_off:"
            )
        value = default
    put(name, value)
    return value


def selectbox(
    label: str, name: str, options: Sequence[str], *, default: str, words: Callable[[str], str] = str
) -> str:
    """The selected option, chosen in a select box."""
    key = _key(name, options, default)
    st.selectbox(label, options, key=key, format_func=words, on_change=_take, args=(name,))
    return str(st.session_state[key])


def segmented(
    label: str, name: str, options: Sequence[str], *, default: str, words: Callable[[str], str] = str
) -> str:
    """The selected one of a few options that stand beside each other."""
    key = _key(name, options, default)
    st.segmented_control(
        label, options, key=key, format_func=words, required=True, on_change=_take, args=(name,)
    )
    return str(st.session_state[key])


def slider(
    label: str, name: str, options: Sequence[str], *, default: str, words: Callable[[str], str] = str
) -> str:
    """The selected option, chosen on a slider that arrow keys walk; there are at least two."""
    key = _key(name, options, default)
    st.select_slider(label, options, key=key, format_func=words, on_change=_take, args=(name,))
    return str(st.session_state[key])


def _key(name: str, options: Sequence[str], default: str) -> str:
    """The key of a widget that shows the selection."""
    st.session_state[f"selected {name}"] = follow(name, options, default)
    return f"selected {name}"


def _take(name: str) -> None:
    put(name, st.session_state[f"selected {name}"])


def _remembered() -> dict[str, str]:
    memory: dict[str, str] = st.session_state.setdefault(_MEMORY, {})
    return memory
