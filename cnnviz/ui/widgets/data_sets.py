"""The data sets on this machine, and how to get more."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from cnnviz import workspace
from cnnviz.data import catalogue, importing
from cnnviz.data.scratch import Progress
from cnnviz.errors import CnnvizError


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
                    if st.button(f"{entry.title}, {entry.download_mb:,.0f} MB", key=f"get {entry.name}"):
                        work(partial(catalogue.prepare, entry.name))
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
        if file:
            work(lambda progress: importing.import_zip(file, name=name, side=int(side), progress=progress))
        else:
            work(
                lambda progress: importing.import_folder(
                    Path(path), name=name, side=int(side), progress=progress
                )
            )


def work(job: Callable[[Progress], object]) -> None:
    """Do a long job with a progress bar; leaving the page cancels it."""
    bar = st.progress(0.0, text="Starting …")

    def progress(share: float, message: str) -> None:
        bar.progress(min(max(share, 0.0), 1.0), text=message)

    try:
        job(progress)
    except CnnvizError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.rerun()
