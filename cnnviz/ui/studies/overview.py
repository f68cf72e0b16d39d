"""All studies, and how far each is."""

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.formatting import quoted
from cnnviz.studies import folder, progress
from cnnviz.studies.progress import Progress
from cnnviz.studies.results import listed
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import STUDY
from cnnviz.ui.studies import view


def show() -> None:
    """A line a study; below them what the newest one shows that shows anything."""
    st.title("Studies", anchor=False)
    found = folder.every()
    if not found:
        st.info("No study yet. Choose what varies and press Start: its runs and what they show come here.")
    newest = None
    for one in found:
        now = _line(one)
        if newest is None and now is not None and now.finished:
            newest = now
    if newest is not None:
        st.header(quoted(newest.study.title), anchor=False)
        view.results(listed(newest), newest)


def _line(one: folder.Listed) -> Progress | None:
    """Draw how far a study is, with a button that opens it."""
    if one.study is None:
        st.warning(quoted(one.damage, most=300), icon=":material/error:")
        return None
    try:
        now = progress.look(one.id)
    except CnnvizError as error:
        st.warning(f"{one.id}: {quoted(str(error), most=300)}", icon=":material/error:")
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(quoted(one.study.title), key=f"open study {one.id}", type="tertiary"):
            selection.put(STUDY, one.id)
            st.rerun()
        st.caption(f"{now.state}, {now.finished:,} of {len(now.trials):,} runs", width="content")
    return now
