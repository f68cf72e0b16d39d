"""Images to look at first: surest mistakes, least sure, labels that may be wrong."""

import numpy as np
import streamlit as st

from cnnviz.diagnosis.label_errors import suspects
from cnnviz.diagnosis.ranking import least_sure, surest_mistakes
from cnnviz.ui.mistakes import gallery
from cnnviz.ui.mistakes.evaluation import Evaluation
from cnnviz.ui.mistakes.parameters import UNSURE
from cnnviz.ui.shell import selection

_MOST = 600
_UNSURE = {"entropy": "By entropy", "margin": "By margin"}
_MEANS = {
    "entropy": "Entropy is largest where all classes are alike.",
    "margin": "The margin is smallest where two classes are alike, whatever the others are.",
}


def mistakes(asked: Evaluation) -> None:
    """All that is wrong, surest first."""
    places = surest_mistakes(asked.found.labels, asked.found.probabilities)
    st.caption(
        "Taken for another class, the surest first: a class not learnt, a picture unlike others, or a wrong label."
    )
    _gallery(asked, places, "Mistakes, surest first")


def unsure(asked: Evaluation) -> None:
    """The most undecided ones."""
    by = selection.segmented(UNSURE, list(_UNSURE), default="entropy", words=lambda name: _UNSURE[name])
    st.caption(_MEANS[by])
    _gallery(asked, least_sure(asked.found.probabilities, by=by)[:_MOST], "Least sure first")


def labels(asked: Evaluation) -> None:
    """What may be labelled wrongly."""
    found = suspects(asked.found.labels, asked.found.probabilities)
    st.caption(
        "A list to look at, no verdict: the network takes these for another class as surely as it takes that class's "
        "own images for it (confident learning, Northcutt et al. 2021). A weak network accuses many; of images that it "
        "was trained on, it would accuse too few."
    )
    places = np.array([one.place for one in found], dtype=np.int64)
    _gallery(asked, places, "Labels to check, least sure of the label first")


def _gallery(asked: Evaluation, places: "np.ndarray[tuple[int], np.dtype[np.integer]]", what: str) -> None:
    gallery.show(asked.network, asked.data, asked.found, places, split=asked.split, what=what)
