"""One report: its outline, which can be edited, and the page that is written of it."""

from collections.abc import Callable

import streamlit as st
from pydantic import ValidationError

from cnnviz.config import explain
from cnnviz.errors import CnnvizError
from cnnviz.formatting import quoted, size
from cnnviz.progress import Work
from cnnviz.report import editing, folder, writing, written
from cnnviz.report.document import Document, Pin
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import REPORT
from cnnviz.ui.widgets import long_work
from cnnviz.ui.widgets.attempt import attempt

_HEIGHT = 900


def show(name: str) -> None:
    """The page as it is written on the left, what is in it on the right."""
    document = folder.read(name)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("All", icon=":material/arrow_back:", key="all reports"):
            selection.drop(REPORT)
            st.rerun()
        st.title(quoted(document.title), anchor=False)
    left, right = st.columns([7, 4], gap="large")
    with left:
        _page(name, document)
    with right:
        _heading(name, document)
        _figures(name, document)
        with st.popover("Delete", icon=":material/delete:", type="tertiary"):
            st.markdown("The report goes; its runs stay, and files that were downloaded.")
            if st.button("Delete the report", key="delete report"):
                attempt(lambda: _delete(name))


def _page(name: str, document: Document) -> None:
    artifact = written.artifact(name, document)
    page = artifact.load()
    count = len(list(document.pins))
    if not count:
        st.info("Nothing is pinned yet: press Pin on any page.", icon=":material/push_pin:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if page is not None:
            content = page.encode()
            st.download_button(
                f"HTML, {size(len(content))}", content, f"{name}.html", "text/html", type="primary",
                icon=":material/download:", on_click="ignore", key="download report",
            )  # fmt: skip
        long_work.offer(
            "Write again" if page is not None else f"Write {count} figures",
            lambda: _writing(name, document),
            key=f"write {name}",
            name="writing the report",
            icon=":material/description:",
            kind="tertiary" if page is not None else "primary",
            help="One file, which opens without a network and prints.",
        )
    if page is not None:
        st.iframe(page, height=_HEIGHT, alt=f"The report {document.title}")


def _writing(name: str, document: Document) -> Work[str]:
    page = yield from writing.write(document)
    written.artifact(name, document).save(page)
    return page


def _heading(name: str, document: Document) -> None:
    with (
        st.expander("Title, author, question", icon=":material/edit:"),
        st.form(f"heading {name}", border=False),
    ):
        title = st.text_input("Title", document.title, max_chars=120)
        author = st.text_input("Author", document.author, max_chars=120)
        question = st.text_area("Question", document.question, max_chars=4000)
        if st.form_submit_button("Save"):
            _change(
                name,
                document,
                lambda: editing.titled(document, title=title, question=question, author=author),
            )


def _figures(name: str, document: Document) -> None:
    number = 0
    for section in document.sections:
        st.markdown(f"**{quoted(section.title)}**")
        for pin in section.pins:
            number += 1
            _figure(name, document, number, pin)


def _figure(name: str, document: Document, number: int, pin: Pin) -> None:
    key = f"{name} {number} {pin.figure.command}"
    last = len(list(document.pins))
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"{number}. {quoted(pin.figure.heading)}")
            for icon, title, by, off in (
                ("arrow_upward", "Move up", -1, number == 1),
                ("arrow_downward", "Move down", 1, number == last),
            ):
                if st.button(
                    "",
                    icon=f":material/{icon}:",
                    help=title,
                    type="tertiary",
                    disabled=off,
                    key=f"{title} {key}",
                ):
                    _change(name, document, lambda by=by: editing.moved(document, number, by))  # type: ignore[misc]
            if st.button(
                "", icon=":material/close:", help="Take it out", type="tertiary", key=f"take out {key}"
            ):
                _change(name, document, lambda: editing.without(document, number))
        words = st.text_area(
            "What one sees", pin.words, key=f"words {key}", placeholder="What one sees", max_chars=4000,
            height=68, label_visibility="collapsed",
        )  # fmt: skip
        if words != pin.words:
            _change(name, document, lambda: editing.with_words(document, number, words))


def _change(name: str, before: Document, changed: Callable[[], Document]) -> None:
    def save() -> None:
        try:
            folder.save(name, changed(), before=before)
        except ValidationError as error:
            raise CnnvizError(explain(error)) from None

    attempt(save)


def _delete(name: str) -> None:
    folder.delete(name)
    selection.drop(REPORT)
