"""The first thing one sees: a picture, and what a trained network makes of it on the way through."""

import math
from collections.abc import Callable
from contextlib import suppress
from itertools import zip_longest

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnnviz.explore import showcase
from cnnviz.explore.showcase import Showcase
from cnnviz.formatting import per_cent
from cnnviz.render.mosaic import Mosaic, grid_pictures
from cnnviz.runs.run import Run, every
from cnnviz.ui.resources import networks
from cnnviz.ui.shell import preload, selection
from cnnviz.ui.shell.frame import guarded
from cnnviz.ui.shell.parameters import IMAGE, LAYER, RUN
from cnnviz.ui.widgets.mosaic_canvas import sprite
from cnnviz.ui.widgets.network_picker import preferred

_SIDE = 192
_HEIGHT = _SIDE + 8
"""Of a picture with the gaps between its tiles."""


def show() -> Callable[[], None]:
    """Draw what is known of the preferred network; the rest, which needs torch, is drawn by calling the result.

    Until then its place is held free, so that nothing moves.
    """
    runs = [run for run in every() if run.snapshots()]
    if not runs:
        return lambda: None
    run = preferred([run for run in runs if run.config.network.name != "mlp"] or runs)  # others have maps
    snapshot = run.snapshots()[0]
    place = st.empty()
    stored = showcase.read(run.id, snapshot)
    with place.container():
        if stored is not None:
            _draw(run, stored)
            return lambda: None
        columns = _columns()
        frames = [_frame(column) for column in columns]
        for frame, column in zip(frames, columns, strict=True):
            frame.skeleton(height=_SIDE)
            column.caption("…")

    def compute() -> None:
        preload.wait_for_torch()
        with guarded(place):
            with frames[0]:
                computed = showcase.compute(*networks.network(networks.stamp(run.id, snapshot)))
            with suppress(OSError):  # a bench that can't be written to is looked at all the same
                showcase.write(run.id, snapshot, computed)
            with place.container():
                _draw(run, computed)

    return compute


def _draw(run: Run, of: Showcase) -> None:
    first, *rest = _columns()
    with first:
        _picture(grid_pictures(of.pixels[None]), f"{of.photo}, as the network reads it", columns=1)
        st.caption(f"{run.title} says **{of.label}** ({per_cent(of.probability, digits=0)})")
    for column, found in zip_longest(rest, of.maps.items()):
        with column:
            if found is None:  # what held the place free goes: a picture and a line
                st.empty()
                st.empty()
                continue
            layer, maps = found
            _picture(
                networks.some_tiles(maps),
                f"{len(maps)} maps of {layer}",
                columns=math.isqrt(showcase.CHANNELS),
            )
            st.page_link(
                "pages/activations.py",
                label=layer,
                query_params=selection.link({RUN: run.id, LAYER: layer, IMAGE: f"photo.{of.photo}"}),
            )


def _columns() -> list[DeltaGenerator]:
    return st.columns(1 + showcase.LAYERS, gap="medium")


def _frame(column: DeltaGenerator) -> DeltaGenerator:
    """A place as high as a picture, before it is there: nothing moves when it comes."""
    return column.container(height=_HEIGHT, border=False)


def _picture(mosaic: Mosaic, alt: str, *, columns: int) -> None:
    with _frame(st.container()):
        sprite(mosaic, key=f"showcase {alt}", tile=_SIDE // columns, columns=columns, alt=alt)
