"""The confusion matrix, and the images of what is chosen in it; the same for two networks."""

import csv
import io

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.diagnosis.confusion import confusion, rates
from cnnviz.formatting import per_cent
from cnnviz.render.bar import bar
from cnnviz.render.colour import Scale
from cnnviz.runs.run import every
from cnnviz.ui.mistakes import gallery
from cnnviz.ui.mistakes.evaluation import Evaluation
from cnnviz.ui.mistakes.parameters import APART, CELLS, CONFUSED, OTHER
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import IMAGE
from cnnviz.ui.widgets import predictions, snapshot_picker
from cnnviz.ui.widgets.confusion_matrix import Part, confusion_matrix
from cnnviz.ui.widgets.network_picker import name

_PER = {"counts": "Images", "rates": "Per cent of the row"}
_PARTS = {"confusion": CONFUSED, "disagreement": APART}
"""What is chosen in each matrix."""


def show(asked: Evaluation) -> None:
    """Truth by guess."""
    found = asked.found
    left, right = st.columns([5, 6], gap="large")
    counts = found.confusion()
    with left:
        part = _matrix(asked, counts, titles=("Class", "Predicted"), taken="taken for", stem="confusion")
    with right:
        if part is None:
            places = np.flatnonzero(~found.right)
            _gallery(
                asked,
                places[np.argsort(-found.sureness[places], kind="stable")],
                "All mistakes, surest first",
            )
            return
        places = found.where(truth=part.row, guess=part.column, order="surest")
        _gallery(asked, places, _words(asked, part))


def beside(asked: Evaluation) -> None:
    """Guess by another network's guess, of the images that both were asked about."""
    others = _others(asked)
    if not others:
        st.info(
            f"There is no other checkpoint that was asked about {asked.split} images of {asked.network.card.data}: "
            "choose one above, have it asked, and come back.",
            icon=":material/difference:",
        )
        return
    key = selection.selectbox(
        OTHER, list(others), default=next(iter(others)), words=lambda one: _title(others[one])
    )
    second = predictions.known(others[key], asked.data, split=asked.split)
    assert second is not None
    mine = np.flatnonzero(np.isin(asked.found.numbers, second.numbers))
    theirs = np.searchsorted(second.numbers, asked.found.numbers[mine])
    if not len(mine):
        st.info("The two were asked about different images.", icon=":material/difference:")
        return
    guesses, others_guesses, labels = (
        asked.found.guesses[mine], second.guesses[theirs], asked.found.labels[mine],
    )  # fmt: skip
    right, other_right = guesses == labels, others_guesses == labels
    outcomes = (
        ("Both are right on", right & other_right),
        ("only this one on", right & ~other_right),
        ("only the other on", ~right & other_right),
        ("neither on", ~right & ~other_right),
    )
    st.caption(
        f"Of {len(mine):,} images that both were asked about, they agree on "
        f"{int((guesses == others_guesses).sum()):,}. "
        + ", ".join(f"{words} {int(where.sum()):,}" for words, where in outcomes)
        + "."
    )
    left, side = st.columns([5, 6], gap="large")
    counts = confusion(guesses, others_guesses, len(asked.names))
    with left:
        part = _matrix(
            asked, counts, titles=("This one", "The other"), taken="here, there", stem="disagreement"
        )
    with side:
        wanted = guesses != others_guesses
        what = "They disagree"
        if part is not None:
            wanted = np.ones(len(mine), bool)
            if part.row is not None:
                wanted &= guesses == part.row
            if part.column is not None:
                wanted &= others_guesses == part.column
            says = [
                f"{who} says {asked.names[one]}"
                for who, one in (("this one", part.row), ("the other", part.column))
                if one is not None
            ]
            what = ", ".join(says).capitalize()
        places = mine[wanted]
        _gallery(asked, places[np.argsort(-asked.found.sureness[places], kind="stable")], what, of=len(mine))


def _matrix(
    asked: Evaluation, counts: NDArray[np.int64], *, titles: tuple[str, str], taken: str, stem: str
) -> Part | None:
    """Draw it; gives what is chosen in it."""
    per = selection.segmented(CELLS, list(_PER), default="counts", words=lambda one: _PER[one])
    shares = rates(counts) if per == "rates" else None
    selected = selection.value(_PARTS[stem], lambda part: part.within(len(asked.names)))
    picked = confusion_matrix(
        counts, shares, asked.names, key=stem, titles=titles, taken=taken, selected=selected
    )
    if picked is not None and picked != selected:
        selection.put(_PARTS[stem], picked)
        selection.drop(IMAGE)
        st.rerun()
    off = np.where(np.eye(len(counts), dtype=bool), 0, counts if shares is None else np.nan_to_num(shares))
    how = "Click a cell or a name, or walk with arrow keys and press Enter."
    if off.any():
        most = f"{off.max():,} images" if shares is None else f"{per_cent(off.max())} of the row"
        scale = Scale(low=0.0, high=float(off.max()), signed=False)
        st.image(bar(scale, width=512, height=10), output_format="PNG", alt="Colour bar")
        how = f"Colours: 0 to {most}, of {counts.sum():,} images; the diagonal has none. {how}"
    st.caption(how)
    with st.container(horizontal=True):
        if selected is not None and st.button("Clear", icon=":material/close:", key="clear cell"):
            selection.drop(_PARTS[stem])
            st.rerun()
        st.download_button(
            "CSV", lambda: _csv(counts, asked.names, titles), f"{asked.network.run.id}-{asked.split}-{stem}.csv",
            "text/csv", icon=":material/download:", on_click="ignore", key=f"{stem} csv",
        )  # fmt: skip
    return selected


def _words(asked: Evaluation, part: Part) -> str:
    row, column = (None if one is None else asked.names[one] for one in (part.row, part.column))
    if column is None:
        return f"Labelled {row}"
    return f"Taken for {column}" if row is None else f"{row}, taken for {column}"


def _gallery(asked: Evaluation, places: NDArray[np.integer], what: str, *, of: int | None = None) -> None:
    gallery.show(asked.network, asked.data, asked.found, places, split=asked.split, what=what, of=of)


def _others(asked: Evaluation) -> dict[str, SelectedNetwork]:
    """Other checkpoints of the same classes whose predictions are known, by run and snapshot."""
    mine = asked.network
    found = {}
    for run in every():
        if run.config.data.name != mine.run.config.data.name:
            continue
        for snapshot in run.snapshots():
            if (run.id, snapshot) == (mine.run.id, mine.snapshot):
                continue
            if not predictions.exist(run.id, snapshot, asked.split):
                continue
            other = SelectedNetwork(run, snapshot, mine.stamp, mine.card).at(snapshot)
            if other.card.classes == mine.card.classes and predictions.known(
                other, asked.data, split=asked.split
            ):
                found[f"{run.id}:{snapshot}"] = other
    return found


def _title(other: SelectedNetwork) -> str:
    return f"{name(other.run)}, {snapshot_picker.title(other.snapshot)}"


def _csv(counts: NDArray[np.int64], names: tuple[str, ...], titles: tuple[str, str]) -> str:
    content = io.StringIO()
    rows = csv.writer(content)
    rows.writerow([f"{titles[0]} \\ {titles[1]}", *names])
    rows.writerows([name, *row] for name, row in zip(names, counts.tolist(), strict=True))
    return content.getvalue()
