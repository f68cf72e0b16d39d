"""All reports, a new one, and the check of one that was handed in."""

import tempfile
from pathlib import Path

import streamlit as st

from cnnviz.formatting import quoted
from cnnviz.recipes import library
from cnnviz.report import checking, folder, outline, written
from cnnviz.report.document import Document
from cnnviz.runs.summary import summaries
from cnnviz.studies import folder as studies
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import REPORT
from cnnviz.ui.widgets import long_work, pin

_HEIGHT = 720
_EMPTY = "Nothing yet: I pin"
_RUNS, _STUDY, _LAB = "Runs", "A study", "A lab report"


def show() -> None:
    """Reports on the left, what makes and checks them on the right."""
    left, right = st.columns([7, 5], gap="large")
    with left:
        st.title("Reports", anchor=False)
        _list()
    with right:
        with st.container(border=True):
            _new()
        with st.container(border=True):
            _check()


def _list() -> None:
    found = folder.every()
    if not found:
        st.info(
            "No report yet. A report is one HTML file: settings, curves, mistakes, what the layers see, and why; "
            "each figure with its source. Outline one here, or press Pin on any page.",
            icon=":material/description:",
        )
    for one in found:
        if one.document is None:
            st.warning(quoted(one.damage, most=300), icon=":material/error:")
            continue
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(quoted(one.document.title), key=f"open report {one.id}", type="tertiary"):
                selection.put(REPORT, one.id)
                st.rerun()
            count = len(list(one.document.pins))
            st.caption(f"{count:,} figure{'s' * (count != 1)}", width="content")
    newest = next(((one, page) for one in found if one.document and (page := _page(one))), None)
    if newest is not None:
        st.iframe(newest[1], height=_HEIGHT, alt=f"The report {newest[0].id}")


def _page(one: folder.Listed) -> str | None:
    assert one.document is not None
    return written.artifact(one.id, one.document).load()


def _new() -> None:
    st.header("New report", anchor=False)
    about = st.segmented_control(
        "About", [_RUNS, _STUDY, _LAB, _EMPTY], default=_RUNS, required=True, key="report about"
    )
    question = ""
    if about == _RUNS:
        runs = {run.id: run for run in summaries() if not run.damaged and not run.archived}
        names = st.multiselect(
            "Runs", list(runs), format_func=lambda one: f"{runs[one].title} — {one}", key="report runs"
        )
        title = st.text_input(
            "Title", runs[names[0]].title[:120] if names else "", key=f"report title {names[:1]}"
        )
        question = st.text_area(
            "Question", key="report question", placeholder="What did you want to know?", height="content"
        )
        if names and title.strip():
            pin.outline(
                "Outline", lambda: outline.of_runs(title.strip(), names, question=question), key="outline runs",
                help="Settings, results, curves, and a look into the first two.",
            )  # fmt: skip
        else:
            st.caption("Choose a run.")
    elif about == _STUDY:
        there = {one.id: one.study.title for one in studies.every() if one.study}
        if not there:
            st.caption("There is no study yet.")
            return
        name = st.selectbox("Study", list(there), format_func=there.__getitem__, key="report study")
        pin.outline(
            "Outline",
            lambda: outline.of_study(name),
            key="outline study",
            help="What it found, and its best variant.",
        )
    elif about == _LAB:
        reports = {one.report: one.title for one in library.reports()}
        number = st.selectbox(
            "Lab report", list(reports), format_func=lambda one: f"{one}: {reports[one]}", key="report lab"
        )
        pin.outline(
            "Outline", lambda: outline.of_lab_report(number), key="outline lab report",
            help="All its experiments: reported beside measured.",
        )  # fmt: skip
    else:
        title = st.text_input("Title", "My report", key="report title empty", max_chars=120)
        if st.button("Make", icon=":material/add:", disabled=not title.strip(), key="make report"):
            selection.put(REPORT, folder.create(Document(title=title.strip())))
            st.rerun()


def _check() -> None:
    st.header("Check a report", anchor=False)
    file = st.file_uploader(
        "An HTML file that the bench wrote",
        type=["html"],
        key="report to check",
        max_upload_size=checking.LARGEST // 10**6,
    )
    if file is None:
        st.caption("Its figures are drawn again from the files on this bench, and compared.")
        return
    key = f"{file.name} {file.size} {hash(file.getvalue())}"
    found = st.session_state.get("checked report", {}).get(key)
    if found is None:
        with tempfile.TemporaryDirectory() as there:
            path = Path(there) / "report.html"
            path.write_bytes(file.getvalue())
            found = long_work.at_once(
                lambda: checking.check(path),
                of=key,
                name="checking the report",
                again="Check",
                key="check again",
            )
        if found is None:
            return
        st.session_state["checked report"] = {key: found}
    held = sum(one.state in ("holds", "rounding") for one in found)
    said = f"{held} of {len(found)} figures hold."
    (st.success if held == len(found) else st.warning)(said)
    rows = [
        {"Figure": one.number, "": one.title, "Check": checking.WORDS[one.state], "Why": one.words}
        for one in found
    ]
    st.dataframe(rows, hide_index=True, key="checked figures")
