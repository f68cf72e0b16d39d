"""Choosing methods, classes and how their maps are drawn; all of it stands in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.render.attribution import VIEWS, View
from cnnviz.ui.attribution import parameters
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import CLASSES
from cnnviz.ui.widgets.image_picker import SelectedImage

if TYPE_CHECKING:
    from cnnviz.explore.attribution.attribute import AttributionSetting
    from cnnviz.explore.layers.structure import Layer

_MOST = 6
"""Classes at once."""
_SPANS: Mapping[str, str] = {"1": "All values", "0.99": "99 % of values"}
_VIEWS: Mapping[str, str] = {str(name): words for name, words in VIEWS.items()}
_PER: Mapping[str, str] = {"method": "By method", "map": "Each map"}
_MEANINGS = {"first": "predicted", "second": "runner-up", "true": "true"}


@dataclass(frozen=True)
class AttributionDisplay:
    """How maps are drawn."""

    view: View
    share: float
    """Of values that lie on the scale."""
    shared: bool
    """One scale for all classes of a method."""


def methods(why_not: Mapping[str, str]) -> list[str]:
    """The chosen methods, among those that this network allows; the others are listed with their reasons."""
    from cnnviz.explore.attribution.methods import FIRST, METHODS

    can = [name for name in METHODS if not why_not[name]]
    default = [name for name in FIRST if name in can]
    chosen = selection.several(parameters.METHODS, can, default, words=lambda name: METHODS[name].title)
    missing = {name: why for name, why in why_not.items() if why}
    if missing:
        with st.expander(f"{len(missing)} methods can’t be asked of this network", icon=":material/block:"):
            st.markdown("\n".join(f"- **{METHODS[name].title}**: {why}" for name, why in missing.items()))
    return chosen


def classes(
    network: SelectedNetwork, image: SelectedImage, probabilities: NDArray[np.float64]
) -> dict[int, str]:
    """The chosen classes by number, and what each is: predicted, runner-up, true or just its name."""
    order = np.argsort(-probabilities, kind="stable")
    stands_for: dict[str, int] = {"first": int(order[0])}
    if len(order) > 1:
        stands_for["second"] = int(order[1])
    if image.truth is not None:
        stands_for["true"] = image.truth
    names = network.card.classes
    stands_for |= {str(number): number for number in range(len(names))}
    words = {
        token: f"{_MEANINGS[token]}: {names[number]}" if token in _MEANINGS else names[number]
        for token, number in stands_for.items()
    }
    default: list[str] = [token for token in ("first", "second") if token in stands_for]
    if image.truth is not None and image.truth not in order[:2]:
        default = ["first", "true"]
    chosen = selection.several(CLASSES, list(words), default, words=words.__getitem__, most=_MOST)
    found: dict[int, str] = {}
    for token in chosen:
        number = stands_for[token]
        before = found.get(number)
        said = _MEANINGS.get(token)
        parts = [part for part in (before, said) if part]
        found[number] = ", ".join(dict.fromkeys(parts))
    return found


def look() -> AttributionDisplay:
    """How maps are drawn."""
    view = selection.segmented(
        parameters.VIEW_AS, list(_VIEWS), default="signed", words=lambda name: _VIEWS[name]
    )
    per = selection.segmented(parameters.SCALE_BY, list(_PER), default="method", words=_PER.__getitem__)
    share = selection.segmented(parameters.SPAN, list(_SPANS), default="0.99", words=_SPANS.__getitem__)
    return AttributionDisplay(cast(View, view), float(share), shared=per == "method")


def setting(chosen: Sequence[str], listed: Sequence[Layer]) -> AttributionSetting:
    """Baseline and layer, asked for where a chosen method has use of them."""
    from cnnviz.explore.attribution import baselines, cam
    from cnnviz.explore.attribution.attribute import AttributionSetting
    from cnnviz.explore.attribution.methods import METHODS

    baseline, layer = baselines.DEFAULT, None
    best = cam.best_layer(list(listed))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if any(METHODS[name].baselines for name in chosen):
            kinds = baselines.BASELINES
            baseline = selection.selectbox(
                parameters.BASELINE,
                list(kinds),
                default=baseline,
                words=lambda name: kinds[name].title,
            )
        if best and any(METHODS[name].layer for name in chosen):
            with_maps = {one.name: one for one in cam.layers_with_maps(list(listed))}
            layer = selection.selectbox(
                parameters.CAM_LAYER,
                list(with_maps),
                default=best[0],
                words=lambda name: f"{name} · {'×'.join(map(str, with_maps[name].output_shape[1:]))}",
            )
    if best and layer == best[0]:
        st.caption(f"Grad-CAM looks at {best[0]}, {best[1]}")
    return AttributionSetting(baseline=baseline, layer=layer)
