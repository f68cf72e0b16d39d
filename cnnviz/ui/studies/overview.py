"""All studies, and how far each is."""

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.formatting import quoted
from cnnviz.studies import folder, progress
from cnnviz.ui.shell import selection
from cnnviz.ui.studies.parameters import STUDY


def show() -> None:
    """A line a study."""
    st.title("Studies", anchor=False)
    found = folder.every()
    if not found:
        st.info("No study yet. Choose what varies and press Start: its runs and what they show come here.")
    for one in found:
        _line(one)


def _line(one: folder.Listed) -> None:
    if one.study is None:
        st.warning(quoted(one.damage, most=300), icon=":material/error:")
        return
    try:
        now = progress.look(one.id)
    except CnnvizError as error:
        st.warning(f"{one.id}: {quoted(str(error), most=300)}", icon=":material/error:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(quoted(one.study.title), key=f"open study {one.id}", type="tertiary"):
            selection.put(STUDY, one.id)
            st.rerun()
        st.caption(f"{now.state}, {now.finished:,} of {len(now.trials):,} runs", width="content")
