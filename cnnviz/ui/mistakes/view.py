"""Where a network fails: one part at a time, of the images that it was asked about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnnviz.data import catalogue
from cnnviz.diagnosis.calibration import BINS, calibration
from cnnviz.diagnosis.confusion import commonest
from cnnviz.diagnosis.ranking import top_k_accuracy
from cnnviz.diagnosis.scores import by_class, macro_f1
from cnnviz.formatting import accuracy, per_cent
from cnnviz.registry import Entry
from cnnviz.ui.mistakes import confusion, embedding, gallery, rankings, scores
from cnnviz.ui.mistakes.evaluation import Evaluation
from cnnviz.ui.mistakes.parameters import SPLIT, VIEW
from cnnviz.ui.resources import datasets
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import IMAGE
from cnnviz.ui.widgets import pin, predictions

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset
    from cnnviz.report.figures.figure import Figure

_SPLITS = ("test", "validation")


@dataclass(frozen=True)
class MistakesView(Entry):
    """A part of the page."""

    show: Callable[[Evaluation], None]


VIEWS: Mapping[str, MistakesView] = {
    "confusion": MistakesView("Confusion", confusion.show),
    "classes": MistakesView("By class", scores.classes),
    "calibration": MistakesView("Calibration", scores.calibrated),
    "mistakes": MistakesView("Surest mistakes", rankings.mistakes),
    "unsure": MistakesView("Least sure", rankings.unsure),
    "labels": MistakesView("Labels to check", rankings.labels),
    "map": MistakesView("Map", embedding.show),
    "beside": MistakesView("Beside another", confusion.beside),
}


def show(network: SelectedNetwork) -> None:
    """Choose images; see what the network makes of them, or have it asked."""
    data = _data(network)
    left, right = st.columns([3, 4], vertical_alignment="bottom")
    with left:
        split = selection.segmented(SPLIT, _SPLITS, default="test", words=str.capitalize)
    found = predictions.known(network, data, split=split)
    with right:
        at_once = data is not None and found is None and predictions.quick(network, data, split=split)
        if data is not None and at_once:
            found = predictions.obtain(network, data, split=split)
        if data is not None and (found is not None or not at_once):
            predictions.offer(network, data, found, split=split)
    if found is None:
        if data is None:
            st.info(
                f"Nothing is known yet of what this network says of {split} images, and the images of "
                f"{network.card.data} are not on this machine: get them on the Home page.",
                icon=":material/download:",
            )
        else:
            st.info(f"The network has not been asked about {split} images yet.", icon=":material/checklist:")
        return
    asked = Evaluation(network, data, split, found)
    selection.value(IMAGE, lambda name: gallery.place(found, name, split) is not None)
    _figures(asked)
    view = selection.segmented(VIEW, list(VIEWS), default="confusion", words=lambda name: VIEWS[name].title)
    VIEWS[view].show(asked)


def _data(network: SelectedNetwork) -> "Dataset | None":
    """The data set, if it is here and is the one of the network."""
    name = network.card.data
    if name not in catalogue.available():
        return None
    data = datasets.dataset(name)
    if data.classes == network.card.classes:
        return data
    st.info(
        f"The data set {name} here has other classes than this network was trained on.",
        icon=":material/difference:",
    )
    return None


def _figure(asked: Evaluation) -> "Figure":
    from cnnviz.report.figures.calibrated import Calibrated
    from cnnviz.report.figures.confusion import Confusion

    network = asked.network
    kind = Calibrated if (selection.peek(VIEW) or "") in ("classes", "calibration") else Confusion
    return kind(run=network.run.id, snapshot=network.snapshot, split=asked.split)  # type: ignore[arg-type]


def _figures(asked: Evaluation) -> None:
    found, names = asked.found, asked.names
    count = len(found)
    counts = found.confusion()
    f1 = macro_f1(by_class(counts, names))
    shown = [("Accuracy", accuracy(float(found.right.mean()), count), "± one standard error")]
    if len(names) > 5:
        top = top_k_accuracy(found.labels, found.probabilities, 5)
        shown.append(("Top 5", accuracy(top, count), "The class is among the five likeliest"))
    if f1 is not None:
        shown.append(("Macro F1", per_cent(f1), "Mean F1 of the classes"))
    error = calibration(found.labels, found.probabilities).ece
    shown.append(
        (
            "Calibration error",
            f"{100 * error:.1f} points",
            f"ECE, {BINS} bins: mean gap between what it says and how often it is right",
        )
    )
    with st.container(horizontal=True):
        for label, value, explanation in shown:
            st.metric(label, value, help=explanation, width="content")
        pin.pin(lambda: _figure(asked), key="mistakes")
    worst = commonest(counts, most=3)
    common = "; ".join(f"{names[row]} taken for {names[column]} ({number})" for row, column, number in worst)
    asked_about = f"{'all ' if asked.whole else ''}{count:,} {asked.split} images"
    st.caption(
        f"Of {asked_about} {int(np.sum(~found.right)):,} are taken for another class"
        + (f", most often: {common}." if common else ".")
    )
