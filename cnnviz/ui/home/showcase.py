"""The first thing one sees: a picture, and what a trained network makes of it on the way through."""

import streamlit as st

from cnnviz.explore.inputs.builtin_images import photo_named
from cnnviz.render.picture import enlarge, png
from cnnviz.runs.run import Run, every
from cnnviz.ui.resources import networks
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import IMAGE, LAYER, RUN
from cnnviz.ui.widgets.mosaic_canvas import sprite
from cnnviz.ui.widgets.network_picker import preferred

_PLACES = 4
_CHANNELS = 9


def show() -> None:
    """A built-in picture and some maps of a few layers, early to late; each opens on Activations."""
    runs = [run for run in every() if run.snapshots()]
    if not runs:
        return
    run = preferred(runs)
    place = st.empty()
    place.skeleton(height=300)
    with place.container():
        _draw(run)


def _draw(run: Run) -> None:
    stamp = networks.stamp(run.id, run.snapshots()[0])
    card = networks.network(stamp)[1]
    name = "digit-3" if card.image_shape[2] == 1 else "frog"
    seen = networks.network_input(stamp, f"photo.{name}", photo_named(name).image(), False)
    found = [
        layer
        for layer in networks.layers(stamp, run.config.freeze)
        if len(layer.output_shape) == 3 and not layer.idle
    ]
    blocks = [layer for layer in found if layer.block] or found
    chosen = blocks[:: max(1, -(-len(blocks) // _PLACES))][:_PLACES]
    first, *rest = st.columns([1] * (1 + len(chosen)), gap="medium")
    with first:
        st.image(
            png(enlarge(seen.pixels, to=196)),
            output_format="PNG",
            alt=f"{name}, as the network reads it",
            width="stretch",
        )
        likeliest = networks.prediction(stamp, seen.values)
        st.caption(f"{run.title} says **{card.classes[int(likeliest.argmax())]}** ({likeliest.max():.0%})")
    for place, layer in zip(rest, chosen, strict=True):
        with place:
            maps = networks.maps(stamp, seen.values, layer.name)[:_CHANNELS]
            mosaic = networks.some_tiles(maps)
            sprite(
                mosaic,
                key=f"showcase {layer.name}",
                tile=64,
                columns=3,
                alt=f"{len(maps)} maps of {layer.name}",
            )
            st.page_link(
                "pages/activations.py",
                label=layer.name,
                query_params=selection.link({RUN: run.id, LAYER: layer.name, IMAGE: f"photo.{name}"}),
            )
