"""Whether a map can be trusted: what it adds up to, and what happens when image or network are tampered with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from cnnviz.charts.share_format import share_format
from cnnviz.formatting import decimal, per_cent
from cnnviz.render.attribution import coloured, scale_of_sizes
from cnnviz.render.colour import BLUE, VERMILION
from cnnviz.render.mosaic import grid_pictures
from cnnviz.ui.attribution.parameters import CHECK
from cnnviz.ui.resources import attributions
from cnnviz.ui.resources.attributions import AttributionMaps
from cnnviz.ui.shell import selection
from cnnviz.ui.widgets import long_work
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.attribution.attribute import Attribution
    from cnnviz.explore.attribution.checks import Checks
    from cnnviz.explore.attribution.deletion_insertion import Curves
    from cnnviz.explore.attribution.options import Options
    from cnnviz.explore.inputs.preprocessing import Input

_KINDS = ["this map", "random order"]
_TILE = 96


def show(title: str, name: str, seen: Input, *, of: AttributionMaps, options: Options, target: int) -> None:
    """The checks of the map of class `name`: what is known at once, and the rest on demand."""
    found = of.attribution(target).load()
    assert found is not None
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Can it be trusted?** {title} for {name}")
            st.button(
                "Close", icon=":material/close:", type="tertiary", on_click=selection.drop, args=(CHECK,)
            )
        _completeness(found)
        artifact = of.checks(target)
        known = artifact.load()
        if known is None:
            long_work.offer(
                "Run the checks",
                lambda: artifact.obtain(lambda: attributions.check(of, seen.values, options, found)),
                key="run checks",
                name="checking",
                icon=":material/verified:",
                start="Checking",
                help=None,
            )
            st.caption(
                "Pixels deleted and inserted, squares covered, noise on the image, and the network destroyed "
                "layer by layer."
            )
            return
        left, right = st.columns(2, gap="large")
        with left:
            _curves(known.curves)
        with right:
            _figures(known)
            _destroyed(known, seen, found)


def _completeness(found: Attribution) -> None:
    if found.missing is None or found.expected is None:
        st.markdown("Its values need not add up to anything.")
        return
    share = abs(found.missing) / abs(found.expected) if found.expected else float("inf")
    values = "values" if found.superpixels is None else "values of superpixels"
    st.markdown(
        f"Completeness: {values} add up to **{decimal(found.sum)}**, they should to {decimal(found.expected)} logits: "
        f"off by {decimal(abs(found.missing))} (**{per_cent(share, digits=2)}**)."
    )


def _curves(found: Curves) -> None:
    for title, curve, other, good in (
        ("Deletion", found.deletion, found.deletion_at_random, "small"),
        ("Insertion", found.insertion, found.insertion_at_random, "large"),
    ):
        st.markdown(f"**{title}** · area {curve.area:.3f}, random order {other.area:.3f}: {good} is good")
        rows = [
            {"pixels": share, "probability": value, "order": kind}
            for kind, one in zip(_KINDS, (curve, other), strict=True)
            for share, value in zip(one.shares, one.probabilities, strict=True)
        ]
        verb = "replaced by the mean colour" if title == "Deletion" else "put into the blurred image"
        st.altair_chart(
            alt.Chart(pd.DataFrame(rows), height=260)
            .mark_line()
            .encode(
                x=alt.X("pixels:Q", title=f"Pixels {verb}, largest values first").axis(format=share_format()),
                y=alt.Y("probability:Q", title="Probability")
                .scale(domain=[0, 1])
                .axis(format=share_format()),
                color=alt.Color("order:N", title=None, sort=_KINDS)
                .scale(domain=_KINDS, range=[BLUE, VERMILION])
                .legend(orient="top"),
                strokeDash=alt.StrokeDash("order:N", sort=_KINDS, legend=None).scale(
                    domain=_KINDS, range=[[1, 0], [6, 3]]
                ),
                tooltip=[
                    "order:N",
                    alt.Tooltip("pixels:Q", format=share_format(0)),
                    alt.Tooltip("probability:Q", format=share_format(1)),
                ],
            ),
            key=f"curve {title}",
            alt=f"{title} curve: area {curve.area:.3f}, random order {other.area:.3f}",
        )


def _figures(found: Checks) -> None:
    from cnnviz.explore.attribution.checks import DRAWS, RADIUS, SQUARES

    st.markdown(
        f"**Max sensitivity {decimal(found.sensitivity)}**",
        help="Yeh et al. 2019, by Captum: norm of the largest change of the map by the norm of the map.",
    )
    st.caption(
        f"Noise up to ±{RADIUS} on the normalised image ({DRAWS} draws) changes the map by at most "
        f"{per_cent(found.sensitivity, digits=0)} of its norm."
    )
    st.markdown(
        f"**Infidelity {decimal(found.infidelity)}**",
        help="Yeh et al. 2019, by Captum with the best scaling of the map, as a share of the mean squared loss.",
    )
    st.caption(
        f"Share of what {SQUARES} covered squares cost that the map does not foretell: 0 is perfect, "
        "1 no better than nothing."
    )


def _destroyed(found: Checks, seen: Input, original: Attribution) -> None:
    st.markdown("**Network destroyed from the last layer on**")
    if not found.destroyed:
        return
    pictures, labels = [], []
    scale = scale_of_sizes([original.map], signed=original.signed, share=0.99)
    pictures.append(coloured(original.map, scale, "signed", seen.pixels))
    labels.append("as trained")
    for one in found.destroyed:
        own = scale_of_sizes([one.map], signed=original.signed, share=0.99)
        pictures.append(coloured(one.map, own, "signed", seen.pixels))
        labels.append(
            f"{one.layers} layers, down to {one.layer}: rank correlation {decimal(one.correlation)}"
        )
    sprite(
        grid_pictures(np.stack(pictures)),
        key="destroyed maps",
        tile=_TILE,
        labels=labels,
        alt="The map as trained, and with more and more layers destroyed: " + "; ".join(labels[1:]),
    )
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Noise down to": one.layer,
                    "Layers": one.layers,
                    "Rank correlation of |map|": round(one.correlation, 3),
                }
                for one in found.destroyed
            ]
        ),
        hide_index=True,
    )
    last = found.destroyed[-1].correlation
    if last > 0.5:
        st.warning(
            f"The map stays much the same (rank correlation {last:.2f}) when nothing of the network is left: "
            "it shows the image, not what was learnt.",
            icon=":material/warning:",
        )
    st.caption(
        "Each map has its own scale. A map that shows what was learnt has to change (Adebayo et al. 2018)."
    )
