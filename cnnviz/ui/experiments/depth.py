"""Layers of a trained network side by side: their maps, and how these change with depth."""

import altair as alt
import pandas as pd
import streamlit as st

from cnnviz.charts.share_format import share_format
from cnnviz.explore.inputs.builtin_images import photos
from cnnviz.recipes.recipe import Recipe
from cnnviz.render.colour import BLUE, VERMILION
from cnnviz.render.picture import enlarge, png
from cnnviz.ui.resources import networks, recipe_results
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import IMAGE, LAYER, RUN, SNAPSHOT
from cnnviz.ui.widgets.mosaic_canvas import sprite

_MOST = 16
_TILE = 56


def show(recipe: Recipe) -> None:
    """The first maps of each layer for a chosen photo, then sparsity and spread over all photos."""
    look = recipe.look
    assert look is not None
    stamp = networks.stamp(look.run, "last")
    colour = {one.name: one for one in photos().values() if one.kind == "colour"}
    name = st.segmented_control(
        "Photo",
        list(colour),
        default="ship",
        required=True,
        format_func=lambda key: colour[key].title,
        key="depth photo",
    )
    image = networks.network_input(stamp, f"photo.{name}", colour[name or "ship"].image(), False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(
            png(enlarge(image.pixels, to=128)),
            output_format="PNG",
            width=128,
            alt=f"{name}, as the network reads it",
        )
        height, width, channels = image.pixels.shape
        st.caption(f"As the network reads it: {height} × {width}, {'colour' if channels == 3 else 'grey'}")
    for layer in look.layers:
        maps = networks.maps(stamp, image.values, layer)[:_MOST]
        mosaic = networks.some_tiles(maps)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{layer}**")
            st.caption(
                f"first {len(maps)} maps of {maps.shape[1]}×{maps.shape[2]}; {mosaic.scale.in_words()}"
            )
            st.page_link(
                "pages/activations.py",
                label="All maps",
                icon=":material/blur_on:",
                query_params=selection.link(
                    {RUN: look.run, SNAPSHOT: "last", LAYER: layer, IMAGE: f"photo.{name}"}
                ),
            )
        sprite(mosaic, key=f"depth {layer}", tile=_TILE, alt=f"Maps of {layer} for {name}")
    found = recipe_results.depths(look)
    rows = [
        {"layer": one.layer, "share": value, "what": what}
        for one in found
        for what, value in (
            ("values that are zero", one.zeros),
            ("cells that hold half of a map", one.spread),
        )
    ]
    chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_line(point=alt.OverlayMarkDef(size=60, filled=True))
        .encode(
            x=alt.X("layer:N", sort=None, title="Layer, first to last", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(
                "share:Q", title=None, axis=alt.Axis(format=share_format()), scale=alt.Scale(domain=[0, 1])
            ),
            color=alt.Color(
                "what:N",
                legend=alt.Legend(orient="top", title=None, labelLimit=260, columns=1),
                scale=alt.Scale(range=[BLUE, VERMILION]),
            ),
            strokeDash=alt.StrokeDash("what:N", legend=None),
            tooltip=["layer:N", "what:N", alt.Tooltip("share:Q", format=share_format(1))],
        )
        .properties(height=260)
    )
    st.markdown(f"**Early against late**, over {len(colour)} photos")
    st.altair_chart(chart, key="depth chart")
    st.caption("More zeros: sparser. Fewer cells that hold half of a map: more localised.")
