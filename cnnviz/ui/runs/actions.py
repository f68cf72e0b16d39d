"""What can be done with the selected runs: tag, note, archive, stop, delete."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.formatting import quoted
from cnnviz.runs import control, notes
from cnnviz.runs.summary import Summary
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RUNS
from cnnviz.ui.widgets import pin

if TYPE_CHECKING:
    from cnnviz.progress import Work
    from cnnviz.report.document import Document


def show(selected: Sequence[Summary], tags: Sequence[str]) -> None:
    """Draw a row of buttons; `tags` are those in use."""
    own = [run for run in selected if not run.shipped]
    active = [run for run in own if run.active]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        count = "One run" if len(selected) == 1 else f"{len(selected):,} runs"
        st.markdown(f"**{count} selected**", width="content")
        if st.button("None", key="select none", type="tertiary", help="Select none"):
            selection.drop(RUNS)
            st.rerun()
        pin.outline(
            "Report", lambda: _outline(selected), key="report runs",
            help="Outline a report of these runs: what differs, curves, results, a look into the first two.",
        )  # fmt: skip
        if own:
            _tag(own, tags)
            _note(own)
            _archive(own)
        if active and st.button("Stop", icon=":material/stop:", key="stop runs", type="tertiary"):
            with st.spinner("Stopping …"):
                control.stop_all(run.id for run in active)
            st.rerun()
        if own and not active:
            _delete(own)
        if len(own) < len(selected):
            st.caption("What came with cnnviz takes no notes and stays.", width="content")


def _outline(runs: Sequence[Summary]) -> "Work[Document]":
    from cnnviz.report import outline

    title = runs[0].title if len(runs) == 1 else f"{len(runs):,} runs"
    return outline.of_runs(title[:120], [run.id for run in runs])


def _tag(runs: Sequence[Summary], tags: Sequence[str]) -> None:
    common = sorted(set(runs[0].tags).intersection(*(run.tags for run in runs)))
    with st.popover("Tag", icon=":material/sell:", type="tertiary"):
        chosen = st.multiselect(
            "Tags of all of them", tags, default=common, accept_new_options=True, key=f"tags {_key(runs)} {common}",
            placeholder="Choose or type",
        )  # fmt: skip
        if st.button("Set", type="primary", key="set tags", disabled=set(chosen) == set(common)):
            gone = set(common) - set(chosen)
            _each(runs, lambda name: notes.change(name, tags=chosen, without=gone))


def _note(runs: Sequence[Summary]) -> None:
    said = {run.note for run in runs}
    only = said.pop() if len(said) == 1 else ""
    with st.popover("Note", icon=":material/edit_note:", type="tertiary"):
        text = st.text_area(
            "Note" if len(runs) == 1 else "Note on each of them",
            only,
            key=f"note {_key(runs)} {only}",
            max_chars=notes.LONGEST_NOTE,
        )
        if said:
            st.caption("They have different notes, which this one replaces.")
        if st.button("Save", type="primary", key="save note", disabled=text == only):
            _each(runs, lambda name: notes.change(name, note=text))


def _archive(runs: Sequence[Summary]) -> None:
    away = not all(run.archived for run in runs)
    title, icon = ("Archive", "archive") if away else ("Unarchive", "unarchive")
    if st.button(
        title, icon=f":material/{icon}:", key="archive runs", type="tertiary",
        help="Lists leave archived runs out; nothing is deleted.",
    ):  # fmt: skip
        _each(runs, lambda name: notes.change(name, archived=away))


def _delete(runs: Sequence[Summary]) -> None:
    with st.popover("Delete", icon=":material/delete:", type="tertiary"):
        what = quoted(runs[0].title) if len(runs) == 1 else f"these {len(runs):,} runs"
        st.write(f"Delete {what} and all snapshots for good?")
        if len(runs) > 1:
            st.caption(quoted(", ".join(run.title for run in runs), most=400))
        if st.button("Delete for good", type="primary", key="delete runs"):
            _each(runs, control.delete)


def _key(runs: Iterable[Summary]) -> str:
    return ",".join(run.id for run in runs)


def _each(runs: Iterable[Summary], action: Callable[[str], object]) -> None:
    """Do it with every run; those that it can't be done with keep none of the others from it."""
    failed = []
    for run in runs:
        try:
            action(run.id)
        except CnnvizError as error:
            failed.append(str(error))
    if failed:
        more = f" The same with {len(failed) - 1} more." if len(failed) > 1 else ""
        st.toast(quoted(failed[0], most=600) + more, icon=":material/error:", duration="long")
    st.rerun()
