"""The data sets on this machine, and how to get more."""

from pathlib import Path

import streamlit as st

from cnnviz import workspace
from cnnviz.data import catalogue, importing
from cnnviz.data.catalogue import CatalogueEntry
from cnnviz.ui.widgets import long_work


def show() -> None:
    """List what is here; download or import what is not."""
    here = catalogue.available()
    entries = catalogue.entries()
    for name in here:
        entry = entries.get(name)
        st.markdown(f"**{entry.title if entry else name}** · {entry.summary if entry else 'your own images'}")
    more()


def more() -> None:
    """Buttons that get what is not here."""
    here = catalogue.available()
    entries = catalogue.entries()
    missing = [entry for name, entry in entries.items() if name not in here]
    with st.container(horizontal=True):
        if missing:
            with st.popover("Download", icon=":material/download:"):
                for entry in missing:
                    download(entry)
        with st.popover("Import your own", icon=":material/folder_zip:"):
            _import()


def _import() -> None:
    st.caption(
        "A zip of train/ and val/ (and test/) with a folder a class, or of one folder a class, which is split."
    )
    title = st.text_input("Name", key="import name", placeholder="ants-and-bees")
    side = st.number_input("Side in pixels", 8, 512, 64, key="import side")
    file = st.file_uploader("Zip", type="zip", key="import zip")
    path = st.text_input("Or a folder on this machine", key="import path")
    if st.button("Import", type="primary", disabled=not (file or path), key="import"):
        name = workspace.slug(title, fallback="my-images")
        work = (
            importing.import_zip(file, name=name, side=int(side))
            if file
            else importing.import_folder(Path(path), name=name, side=int(side))
        )
        if long_work.run(work, name="importing", start="Starting"):
            st.rerun()


def download(entry: CatalogueEntry) -> None:
    """A button that gets a data set of the catalogue."""
    long_work.offer(
        f"Download {entry.title}, {entry.download_mb:,.0f} MB",
        lambda: catalogue.prepare(entry.name),
        key=f"get {entry.name}",
        name=f"downloading {entry.name}",
        icon=":material/download:",
        kind="secondary",
        start="Starting",
        help=None,
    )
