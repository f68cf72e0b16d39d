"""What can be taken away of a run, each with a button that downloads it."""

from functools import partial

import streamlit as st

from cnnviz.report.takeaway import TAKEAWAYS, content
from cnnviz.runs.run import Run


def show(run: Run) -> None:
    """Draw the button that opens the list."""
    with st.popover("Take away", icon=":material/download:", type="tertiary"):
        st.download_button(
            "Settings", run.config.model_dump_json(indent=1), f"{run.id}.json", "application/json",
            icon=":material/tune:", on_click="ignore", help="For `train`, here or on another bench.",
            width="stretch",
        )  # fmt: skip
        for name, takeaway in TAKEAWAYS.items():
            why = takeaway.obstacle(run)
            st.download_button(
                takeaway.title, partial(content, takeaway, run), takeaway.name(run), takeaway.mime,
                icon=":material/download:", key=f"take away {name}", on_click="ignore",
                help=why or takeaway.explanation, disabled=bool(why), width="stretch",
            )  # fmt: skip
