"""The query string of this page's address, in which a message of the browser's that comes late puts nothing back."""

from collections.abc import Iterator, MutableMapping

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_PAST = "past addresses"
_LONGEST = 32
"""Addresses that are remembered: many more than can be on their way to the browser at once."""


class Query(MutableMapping[str, str]):
    """As `st.query_params`, but for messages that the browser sent before it had heard of the last change.

    With every message comes the browser's address, and Streamlit takes it for true: a slider that comes to rest while
    the answer to *Reset* is on its way would undo it. An address that was here before, on this page, is news only if
    one goes back in the browser's history.
    """

    def __getitem__(self, name: str) -> str:
        self._catch_up()
        return st.query_params[name]

    def __setitem__(self, name: str, value: str) -> None:
        past = self._catch_up()
        st.query_params[name] = value
        self._remember(past)

    def __delitem__(self, name: str) -> None:
        past = self._catch_up()
        del st.query_params[name]
        self._remember(past)

    def __iter__(self) -> Iterator[str]:
        self._catch_up()
        return iter(st.query_params)

    def __len__(self) -> int:
        self._catch_up()
        return len(st.query_params)

    def _catch_up(self) -> list[dict[str, str]]:
        """Addresses of this page until now, the last of them the true one."""
        context = get_script_run_ctx()
        page = context.page_script_hash if context else ""
        back = context is not None and context.is_history_navigation
        address = st.query_params.to_dict()
        known: tuple[str, list[dict[str, str]]] = st.session_state.get(_PAST, (page, []))
        past = known[1] if known[0] == page else []
        if past and address == past[-1]:
            return past
        if address and address in past and not back:
            st.query_params.from_dict(past[-1])
            return past
        past = [address]
        st.session_state[_PAST] = page, past
        return past

    @staticmethod
    def _remember(past: list[dict[str, str]]) -> None:
        past.append(st.query_params.to_dict())
        del past[:-_LONGEST]


query = Query()
