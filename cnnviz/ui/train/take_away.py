"""What can be taken away of a run, each with a button that downloads it, or writes it where other tools look."""

from functools import partial

import streamlit as st

from cnnviz.report.takeaway import FILES, GROUPS, STORES, FileTakeaway, content, storing
from cnnviz.runs.run import Run
from cnnviz.ui.widgets import store_button


def show(run: Run) -> None:
    """Draw the button that opens the list."""
    with st.popover("Take away", icon=":material/download:", type="tertiary"):
        for group, title in GROUPS.items():
            st.caption(title)
            if group == "run":
                st.download_button(
                    "Settings", run.config.model_dump_json(indent=1), f"{run.id}.json", "application/json",
                    icon=":material/tune:", on_click="ignore", help="For `train`, here or on another bench.",
                    width="stretch",
                )  # fmt: skip
            for name, takeaway in FILES.items():
                if takeaway.group == group:
                    _file(run, name, takeaway)
            for store in STORES.values():
                if store.group == group:
                    write = partial(storing, store, run, store.address())
                    store_button.show(store, write, obstacle=store.obstacle(run))


def _file(run: Run, name: str, takeaway: FileTakeaway) -> None:
    why = takeaway.obstacle(run)
    st.download_button(
        takeaway.title, partial(content, takeaway, run), takeaway.name(run), takeaway.mime,
        icon=":material/download:", key=f"take away {name}", on_click="ignore",
        help=why or f"{takeaway.explanation} {takeaway.size(run)}".strip(), disabled=bool(why), width="stretch",
    )  # fmt: skip
