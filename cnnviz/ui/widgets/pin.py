"""What is looked at goes into a report, with a sentence of one's own."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnnviz.errors import CnnvizError
from cnnviz.formatting import quoted
from cnnviz.progress import Work
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import FIT, INVERT, REPORT, SIZE
from cnnviz.ui.widgets import long_work
from cnnviz.ui.widgets.image_picker import SelectedImage

if TYPE_CHECKING:
    from cnnviz.report.document import Document
    from cnnviz.report.figures.figure import Figure

_NEW = "A new report"
PAGE = "pages/reports.py"


def pin(make: "Callable[[], Figure]", *, key: str, why_not: str = "") -> None:
    """A button that adds a figure to a report; `why_not` says why what is seen can't be."""
    help = why_not or "Add this to a report, with a sentence of your own."
    place = st.popover(
        "Pin",
        icon=":material/push_pin:",
        help=help,
        disabled=bool(why_not),
        key=f"pin {key}",
        on_change="rerun",
    )
    if place.open:
        with place:
            _form(make, key)


def outline(label: str, work: "Callable[[], Work[Document]]", *, key: str, help: str) -> None:
    """A button that outlines a report, and opens it."""
    from cnnviz.report import folder

    if not st.button(label, icon=":material/description:", type="tertiary", key=key, help=help):
        return
    document = long_work.run(work(), name=f"outlining {key}", start="Outlining the report")
    if document is not None:
        try:
            name = folder.create_numbered(document)
        except CnnvizError as error:
            st.error(quoted(str(error), most=300), icon=":material/error:")
            return
        st.switch_page(PAGE, query_params=selection.link({REPORT: name}))


def of_image(network: SelectedNetwork, image: SelectedImage) -> Mapping[str, Any]:
    """What figures of one image have in common: the network, the image, and how it is read."""
    size, fit = selection.peek(SIZE), selection.peek(FIT)
    return {
        "run": network.run.id,
        "snapshot": network.snapshot,
        "image": image.name,
        "size": int(size) if size and size.isdigit() else None,
        "fit": fit or "crop",
        "invert": selection.peek(INVERT) is True,
    }


def only_named(image: SelectedImage) -> str:
    """Why a picture can't be pinned; empty for those that everybody has."""
    kind = image.name.partition(".")[0]
    return (
        ""
        if kind in ("photo", "test")
        else "Only built-in and test images can be pinned: others have no link."
    )


def _form(make: "Callable[[], Figure]", key: str) -> None:
    from cnnviz.report import folder
    from cnnviz.report.document import Document, Pin

    titles = {one.id: one.document.title for one in folder.every() if one.document}
    chosen = st.selectbox(
        "Report", [*titles, _NEW], format_func=lambda one: titles.get(one, _NEW), key=f"pin to {key}"
    )
    title = (
        st.text_input("Title", "My report", key=f"pin title {key}", max_chars=120) if chosen == _NEW else ""
    )
    words = st.text_area("What one sees", key=f"pin words {key}", max_chars=4000, height="content")
    if not st.button("Add", type="primary", key=f"add pin {key}"):
        return
    try:
        report = folder.create(Document(title=title.strip() or "My report")) if chosen == _NEW else chosen
        folder.pin(report, Pin(figure=make(), words=words))  # type: ignore[arg-type]
    except CnnvizError as error:
        st.error(quoted(str(error), most=300), icon=":material/error:")
        return
    st.page_link(
        PAGE,
        label="Added. Open the report",
        icon=":material/description:",
        query_params=selection.link({REPORT: report}),
    )
