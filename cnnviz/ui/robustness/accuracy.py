"""Accuracy against strength: what to measure, and all that was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from cnnviz.charts.robustness import against_strength
from cnnviz.data import catalogue
from cnnviz.data.perturbation import PERTURBATIONS
from cnnviz.explore.robustness.curve import Curve, table
from cnnviz.formatting import accuracy, duration, per_cent
from cnnviz.ui.resources import datasets
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.robustness import view
from cnnviz.ui.robustness.curves import SnapshotCurves
from cnnviz.ui.robustness.parameters import CURVE, SHAKEN
from cnnviz.ui.shell import selection
from cnnviz.ui.widgets import long_work, pin

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset
    from cnnviz.report.figures.figure import Figure

_COUNTS = (100, 250, 500, 1_000, 2_000)
_COUNT = 500
_FIRST = "rotation"


def show(network: SelectedNetwork, values: Mapping[str, float]) -> None:
    """Choose a perturbation and have it measured; see all curves, each with a line where the sliders are."""
    st.session_state[view.FOLLOWED] = False
    st.header("Accuracy against strength", anchor=False)
    if not _can_be_asked(network):
        return
    data = _data(network)
    counts = _counts(data)
    first, second, third = st.columns([3, 2, 5], vertical_alignment="bottom")
    with first:
        wanted = selection.selectbox(
            CURVE, list(PERTURBATIONS), default=_FIRST,
            words=lambda name: PERTURBATIONS[name].title,
        )  # fmt: skip
    with second:
        count = selection.selectbox(
            SHAKEN, counts, default=str(_COUNT) if str(_COUNT) in counts else counts[-1],
            words=lambda text: f"{int(text):,}",
        )  # fmt: skip
    curves = SnapshotCurves(network.run.id, network.snapshot, network.stamp, network.card.data, int(count))
    found = curves.known()
    shaking = PERTURBATIONS[wanted]
    one_class = data is not None and len(np.unique(data.test_labels)) < 2
    st.caption(
        f"{shaking.what} {len(shaking.strengths)} strengths; the images are drawn from every class alike."
        + (" All test images here are of one class." if one_class else "")
    )
    below = st.container()
    with third:
        if wanted in found:
            st.caption("Measured: see below.")
        elif data is not None:
            long_work.offer(
                f"Measure, about {duration(curves.seconds(wanted))}",
                lambda: curves.artifact(wanted).obtain(lambda: curves.measure(wanted)),
                key=f"measure robustness {curves.run} {curves.snapshot}",
                name="shaking",
                start="Shaking test images",
                below=below,
            )
    if found:
        st.session_state[view.FOLLOWED] = True
        _charts(network, found, values)


def _can_be_asked(network: SelectedNetwork) -> bool:
    """Whether there is an accuracy at all; a line that says why not."""
    if not network.card.data:
        st.info(
            "This network came without a data set, so there are no test images to shake: only the picture above.",
            icon=":material/hide_image:",
        )
    elif len(network.card.classes) < 2:
        st.info("This network knows one class alone: it is always right.", icon=":material/looks_one:")
    else:
        return True
    return False


def _data(network: SelectedNetwork) -> Dataset | None:
    """The test images' data set; None, with a line that says why, where there is none to measure with."""
    name = network.card.data
    if name not in catalogue.available():
        st.info(
            f"More can be measured once the images of {name} are on this machine: get them on the Home page.",
            icon=":material/download:",
        )
        return None
    data = datasets.dataset(name)
    if data.classes == network.card.classes and data.image_shape[2] == network.card.image_shape[2]:
        return data
    st.info(
        f"The data set {name} here is another one than this network was trained on: nothing can be measured with it.",
        icon=":material/difference:",
    )
    return None


def _counts(data: Dataset | None) -> list[str]:
    if data is None:
        return list(map(str, _COUNTS))
    size = len(data.test_labels)
    return [str(count) for count in _COUNTS if count < size] + ([str(size)] if size <= _COUNTS[-1] else [])


def _charts(network: SelectedNetwork, found: Mapping[str, Curve], values: Mapping[str, float]) -> None:
    places = [place for _ in range(-(-len(found) // 2)) for place in st.columns(2, gap="large")]
    for place, (name, curve) in zip(places, found.items(), strict=False):
        at = values.get(PERTURBATIONS[name].strength)
        with place:
            st.vega_lite_chart(_chart(curve, at), key=f"curve {name}", alt=_words(curve))
            st.caption(_words(curve))
    one = next(iter(found.values()))
    st.caption(
        f"{one.count:,} test images of {one.data}, the same at every strength; bars are one standard error. "
        f"Dotted: guessing, {per_cent(one.chance)}. Upright: where its slider is."
    )
    st.download_button(
        "CSV", table(list(found.values())), f"{network.run.id}-{network.snapshot}-robustness.csv",
        "text/csv", icon=":material/download:", on_click="ignore", key="robustness csv",
    )  # fmt: skip
    chosen = found.get(selection.peek(CURVE) or _FIRST, one)
    pin.pin(lambda: _figure(network, chosen), key="robustness")


def _figure(network: SelectedNetwork, curve: Curve) -> Figure:
    from cnnviz.report.figures.shaken import Shaken

    return Shaken(
        run=network.run.id, snapshot=network.snapshot, perturbation=curve.perturbation, images=curve.count
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _chart(curve: Curve, at: float | None) -> dict[str, Any]:
    """The specification: all charts are drawn anew whenever the sliders rest, and most are as they were."""
    found: dict[str, Any] = against_strength(curve, at=at).to_dict()
    return found


def _words(curve: Curve) -> str:
    """The curve in a line."""
    shaking = PERTURBATIONS[curve.perturbation]
    setting = shaking.settings[shaking.strength]
    worst = int(np.argmin(curve.accuracy))
    return (
        f"{accuracy(curve.neutral, curve.count)} as they are; least, "
        f"{accuracy(curve.accuracy[worst], curve.count)}, at {setting.words(curve.strengths[worst])}."
    )
