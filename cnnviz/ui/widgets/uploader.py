"""A place for files that empties itself of what was refused, and says why until the next ones come."""

from typing import Any, NoReturn

import streamlit as st


def uploader(label: str, *, key: str, **options: Any) -> Any:
    """What `st.file_uploader` gives; below it, why the last files were refused."""
    files = st.file_uploader(label, key=f"{key} {st.session_state.get(_round(key), 0)}", **options)
    if files:
        st.session_state.pop(_reasons(key), None)
    for reason in st.session_state.get(_reasons(key), ()):
        st.error(reason, icon=":material/error:")
    return files


def refuse(key: str, *reasons: str) -> NoReturn:
    """Empty the uploader of that key and draw the page anew, with the reasons."""
    st.session_state[_reasons(key)] = reasons
    st.session_state[_round(key)] = st.session_state.get(_round(key), 0) + 1
    st.rerun()


def forget(key: str) -> None:
    """Say no longer why the last files were refused."""
    st.session_state.pop(_reasons(key), None)


def _round(key: str) -> str:
    return f"{key} round"


def _reasons(key: str) -> str:
    return f"{key} refused"
