"""Whether the selected settings differ by more than noise: over their seeds, and on the same test images."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from cnnviz.diagnosis.run_comparison import Right, compare
from cnnviz.errors import CnnvizError
from cnnviz.formatting import quoted
from cnnviz.runs.labels import of_group
from cnnviz.runs.run import find
from cnnviz.runs.summary import Summary
from cnnviz.ui.widgets import predictions
from cnnviz.ui.widgets.network_picker import network_of


def show(runs: Sequence[Summary], names: Mapping[str, str]) -> None:
    """Compare every setting with the first one that is selected."""
    found = compare(runs, _right)
    if found is None:
        return
    rows = [
        {
            "": quoted(of_group(one.setting, names)),
            "Difference": one.difference.words,
            "By chance": one.difference.chance_in_words,
            "95 % interval": one.difference.interval_in_words,
            "Images": one.split,
            "From": one.difference.base,
        }
        for one in found.compared
    ]
    st.header("More than noise?", anchor=False)
    if rows:
        with st.container(key="noise"):
            st.table(pd.DataFrame(rows).set_index(""))
    first = [f"Compared with {of_group(found.first, names)}, the first that was selected."] if rows else []
    st.caption(" ".join([*first, *found.remarks]))


def _right(run: str) -> Right | None:
    """Numbers of test images, and where the run's last weights are right, if that is stored."""
    if not predictions.exist(run, "last", "test"):
        return None
    try:
        known = predictions.known(network_of(find(run), "last"), None)
    except CnnvizError:
        return None
    return None if known is None else (known.numbers, known.right)
