"""Figures by class, and how sure the network is beside how sure it may be."""

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cnnviz.charts import reliability
from cnnviz.diagnosis.calibration import Calibration, calibration
from cnnviz.diagnosis.scores import ClassScore, by_class, table
from cnnviz.diagnosis.temperature import Scaling, scaling
from cnnviz.formatting import per_cent
from cnnviz.ui.mistakes.evaluation import Evaluation
from cnnviz.ui.mistakes.parameters import BINS, CONFUSED, VIEW
from cnnviz.ui.shell import selection
from cnnviz.ui.widgets.confusion_matrix import Part

_BINS = ("5", "10", "15", "20")


def classes(asked: Evaluation) -> None:
    """Precision, recall and F1 of each class; a row leads to its images."""
    scores = by_class(asked.found.confusion(), asked.names)
    st.caption(
        f"Of {len(asked.found):,} {asked.split} images, ± one standard error. Precision: of those taken for the class, "
        "how many are of it. Recall: of those of it, how many are taken for it. Choose a row for its images."
    )
    event = st.dataframe(
        pd.DataFrame([_row(one) for one in scores]),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="class table",
        height="content" if len(scores) <= 30 else 600,
    )
    if event and event["selection"]["rows"]:
        selection.put(CONFUSED, Part(int(event["selection"]["rows"][0]), None))
        selection.put(VIEW, "confusion")
        st.rerun()
    st.download_button(
        "CSV", table(scores), f"{asked.network.run.id}-{asked.split}-classes.csv", "text/csv",
        icon=":material/download:", on_click="ignore", key="classes csv",
    )  # fmt: skip


def calibrated(asked: Evaluation) -> None:
    """The reliability diagram, before and after a temperature."""
    bins = int(selection.segmented(BINS, _BINS, default="15"))
    found = asked.found
    fitted = _scaling(found.labels, found.probabilities, bins)
    if fitted is None:
        st.info("One image says nothing about calibration: have more predicted.")
        return
    series = {"as it is": fitted.before, f"at temperature {fitted.temperature:.2f}": fitted.after}
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.altair_chart(
            reliability.reliability(series),
            alt="Accuracy by confidence: "
            + "; ".join(f"{name}, ECE {per_cent(one.ece)}" for name, one in series.items()),
        )
    with right:
        whole = calibration(found.labels, found.probabilities, bins=bins)
        rows = {f"all {whole.images:,} images, as it is": whole} | {
            f"{one.images:,} images, {name}": one for name, one in series.items()
        }
        st.table(pd.DataFrame({name: _figures(one) for name, one in rows.items()}).T)
        st.caption(_verdict(fitted))
        st.caption(
            f"ECE: mean gap between accuracy and confidence over {bins} bins, weighted by their images; "
            "MCE: the largest. Bars are one standard error. A temperature divides the logits: no guess changes "
            "(Guo et al. 2017)."
        )
        st.download_button(
            "CSV", _bins_csv(series), f"{asked.network.run.id}-{asked.split}-calibration.csv", "text/csv",
            icon=":material/download:", on_click="ignore", key="calibration csv",
        )  # fmt: skip


@st.cache_data(max_entries=16, show_spinner=False)
def _scaling(labels: NDArray[np.int64], probabilities: NDArray[np.float32], bins: int) -> Scaling | None:
    return scaling(labels, probabilities, bins=bins)


def _verdict(fitted: Scaling) -> str:
    if fitted.at_bound:
        return "No temperature is best: every image it was fitted on is right, or guesses are all alike."
    way = "It is too sure" if fitted.temperature > 1 else "It is not sure enough"
    return (
        f"{way}: temperature {fitted.temperature:.2f} makes the true classes likeliest on {fitted.fitted_on:,} images. "
        f"Both curves are of the {fitted.after.images:,} others."
    )


def _figures(one: Calibration) -> dict[str, str]:
    return {"ECE": per_cent(one.ece), "MCE": per_cent(one.mce), "Loss, nats": f"{one.nll:.3f}"}


def _row(one: ClassScore) -> dict[str, object]:
    def share(value: float | None, error: float | None) -> str:
        return "–" if value is None else per_cent(value, error or 0)

    return {
        "Class": one.name,
        "Images": one.support,
        "Taken for it": one.predicted,
        "Precision": share(one.precision, one.precision_error),
        "Recall": share(one.recall, one.recall_error),
        "F1": share(one.f1, one.f1_error),
    }


def _bins_csv(series: dict[str, Calibration]) -> str:
    rows = [{"of": name, **vars(one)} for name, found in series.items() for one in found.bins]
    return str(pd.DataFrame(rows).to_csv(index=False))
