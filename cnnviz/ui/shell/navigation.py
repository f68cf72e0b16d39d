"""The pages in groups, each one click away at every width."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from cnnviz.ui.shell import preload

_TITLE = "title of the page"


def run(groups: Mapping[str, Sequence[StreamlitPage]]) -> None:
    """Show all pages by their group's name ("" for none), and run the one that the address names."""
    page = st.navigation([page for pages in groups.values() for page in pages], position="hidden")
    st.session_state[_TITLE] = page.title
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="pages"):
        for name, pages in groups.items():
            with st.container(horizontal=True, gap="xsmall", width="content", vertical_alignment="center"):
                if name:
                    st.markdown(f":gray[:small[{name}]]", width="content")
                with st.container(horizontal=True, gap=None, width="content"):
                    for one in pages:
                        st.page_link(one, width="content")
    try:
        page.run()
    finally:
        preload.page_over()


@contextmanager
def beside_title() -> Iterator[None]:
    """Draw the page's name, and what is drawn inside the block beside it, where there is room."""
    name, rest = st.columns([5, 24], vertical_alignment="bottom")
    name.title(st.session_state[_TITLE], anchor=False)
    with rest:
        yield
