"""The image that would excite a channel most: drawn from noise while one watches, and held for the session."""

import io
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cnnviz.artifact import HeldArtifact, Shelf
from cnnviz.charts.learning_curves import MOST_POINTS
from cnnviz.errors import CnnvizError
from cnnviz.formatting import decimal, per_cent
from cnnviz.render.colour import BLUE
from cnnviz.render.mosaic import Mosaic, grid_pictures
from cnnviz.render.picture import png
from cnnviz.ui.activations.parameters import EXCITE, PAGE
from cnnviz.ui.resources import excitation_index, networks, uploads
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import IMAGE
from cnnviz.ui.widgets import long_work, option_fields
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.layers.structure import Layer
    from cnnviz.explore.maximisation.objectives import Objective
    from cnnviz.explore.maximisation.optimisation import MaximisationStep, Maximised
    from cnnviz.explore.maximisation.settings import Settings

Place = tuple[int, int]

_SHELF = "maximised"
_GOING = "maximising"
_MOST = 64
_SLICE, _PAUSE = 0.6, 0.1
"""Seconds that it is worked on between two drawings, and left alone."""
_SIDE = 320
"""Width of one picture, or of two beside one another, in pixels."""


@dataclass(eq=False)
class _Going:
    """Pictures that are being made, a slice at each run of the page."""

    key: Any
    steps: "Generator[MaximisationStep, bool | None, Maximised]"
    progress: "MaximisationStep | None" = None
    stopping: bool = False
    found: "Maximised | None" = None
    error: CnnvizError | None = None
    began: float = field(default_factory=time.monotonic)
    lock: Lock = field(default_factory=Lock)

    def go_on(self, seconds: float) -> bool:
        """Make steps for about so long; False when there is nothing left to do."""
        until = time.monotonic() + seconds
        with self.lock:
            while self.found is None and self.error is None:
                if time.monotonic() > until:
                    return True
                try:
                    # The first step can't be told anything yet.
                    self.progress = self.steps.send((self.stopping and self.progress is not None) or None)
                except StopIteration as end:
                    self.found = end.value
                except CnnvizError as error:
                    self.error = error
        return False


def show(
    network: SelectedNetwork, layer: "Layer", values: NDArray[np.float32], channel: int, *, place: Place
) -> None:
    """Draw what was made; offer to make it where it was not. `values` is the map for the image looked at."""
    from cnnviz.explore.maximisation import objectives

    st.markdown("**What would excite it most**")
    body = st.empty()
    cell, settings = _asked(network, values, place)
    objective = (
        objectives.cell(layer.name, channel, *cell) if cell else objectives.channel(layer.name, channel)
    )
    key = (network.stamp, layer.name, channel, cell, settings)
    found, going = _artifact(key).load(), st.session_state.get(_GOING)
    with body.container():
        if going is not None and going.key == key:
            st.fragment(_make, run_every=_PAUSE)(going, channel)
        elif found is not None:
            _draw(network, layer, found, values, channel, cell=cell)
        elif st.button(
            "Draw the image that would excite it most",
            icon=":material/brush:",
            key="maximise",
            help="From noise, by following the network's gradient. It takes seconds to a minute.",
        ):
            _begin(network, objective, settings, key)
            st.rerun()


def _asked(
    network: SelectedNetwork, values: NDArray[np.float32], place: Place
) -> "tuple[Place | None, Settings]":
    """The cell that is to be excited alone, if one is, and how; its controls are drawn only where they are seen."""
    from cnnviz.explore.maximisation.parametrisations import PARAMETRISATIONS
    from cnnviz.explore.maximisation.settings import Settings, usual_pictures

    # Of another network other settings are usual.
    usual = Settings(
        pictures=usual_pictures(network.card.image_shape[0]), decorrelate=not network.grey
    ).model_dump()
    these = option_fields.parameters(Settings, "maximise", page=PAGE, of="the picture that excites")
    among = {"parametrisation": PARAMETRISATIONS}
    words = {"map": "The whole map", "cell": f"Row {place[0]}, column {place[1]}"}
    controls = st.expander(
        "How it is drawn", icon=":material/tune:", key="how it is drawn", on_change="rerun"
    )
    what = "map"
    if controls.open:
        with controls:
            if values.size > 1:
                what = selection.segmented(
                    EXCITE, list(words), default=what, words=words.__getitem__, explicit=False
                )
            found = option_fields.bound(
                these, usual, lambda start, key: _settings(start, key, grey=network.grey), key="maximise",
                among=among,
            )  # fmt: skip
    else:
        if values.size > 1:
            what = selection.choice(EXCITE, list(words), what, words=words.__getitem__, explicit=False)
        found = option_fields.selected(these, usual, among)
    return place if what == "cell" else None, Settings(**found)


def _settings(start: dict[str, Any], key: str, *, grey: bool) -> dict[str, Any]:
    from cnnviz.explore.maximisation.parametrisations import PARAMETRISATIONS

    first, second, third = st.columns(3)
    steps = first.number_input("Steps", 1, 4096, start["steps"], step=32, key=f"{key}.steps")
    pictures = second.number_input("Pictures at once", 1, 16, start["pictures"], key=f"{key}.pictures")
    seed = third.number_input("Seed", 0, 2**32 - 1, start["seed"], key=f"{key}.seed")
    parametrisation = st.selectbox(
        "What is learnt",
        list(PARAMETRISATIONS),
        index=list(PARAMETRISATIONS).index(start["parametrisation"]),
        format_func=lambda name: PARAMETRISATIONS[name].label,
        key=f"{key}.parametrisation",
    )
    decorrelate = not grey and st.toggle(
        "Colours go together as in real images", start["decorrelate"], key=f"{key}.colours"
    )
    transforms = st.toggle(
        "Shift, turn and scale a little at every step", start["transforms"], key=f"{key}.transforms"
    )
    return start | {
        "steps": int(steps),
        "pictures": int(pictures),
        "seed": int(seed),
        "parametrisation": parametrisation,
        "decorrelate": decorrelate,
        "transforms": transforms,
    }


def _begin(network: SelectedNetwork, objective: "Objective", settings: "Settings", key: Any) -> None:
    from cnnviz.explore.maximisation.colours import colours_of
    from cnnviz.explore.maximisation.optimisation import maximise

    model, card = networks.network(network.stamp)
    steps = maximise(model, card, objective, settings=settings, colours=colours_of(card))
    st.session_state[_GOING] = _Going(key, steps)


def _stop() -> None:
    going = st.session_state.get(_GOING)
    if going is not None:
        going.stopping = True


def _make(going: _Going, channel: int) -> None:
    """Show how far it is, then go on with it for a while: called again and again, the page stays usable.

    In this order, as a call that is due ends the one before at the next thing that it draws.
    """
    if going.error is not None:
        st.error(str(going.error), icon=":material/error:")
        return
    progress = going.progress
    bar = long_work.Bar("Drawing", began=going.began)
    if progress is not None:
        bar.show(progress)
    long_work.stop_button("maximising", _stop)
    if progress is not None:
        st.image(
            _sheet(progress.pictures, width=_SIDE).png,
            output_format="PNG",
            alt=f"The pictures for channel {channel} at {progress.doing.lower()}",
        )
    if going.go_on(_SLICE):
        return
    if going.found is not None:
        st.session_state.pop(_GOING, None)
        _artifact(going.key).save(going.found)
    st.rerun()


def _artifact(key: Any) -> "HeldArtifact[Maximised]":
    """Where the pictures are held, for this session."""
    return HeldArtifact(st.session_state.setdefault(_SHELF, Shelf(_MOST)), key)


def _sheet(pictures: NDArray[np.uint8], *, width: int) -> Mosaic:
    """The pictures, enlarged, in two columns of about that width together."""
    columns = min(2, len(pictures))
    return grid_pictures(pictures, columns=columns, tile=width // columns)


def _draw(
    network: SelectedNetwork,
    layer: "Layer",
    found: "Maximised",
    values: NDArray[np.float32],
    channel: int,
    *,
    cell: Place | None,
) -> None:
    left, right = st.columns(2)
    labels = [f"scores {decimal(score)}. Click to look at it." for score in found.scores]
    columns = min(2, len(found.pictures))
    with left:
        picked = sprite(
            grid_pictures(found.pictures),
            key=f"maximised {layer.name} {channel}",
            tile=_SIDE // columns,
            columns=columns,
            labels=labels,
            choice=True,
            alt=f"Pictures made to excite {found.objective}, the strongest first, scoring "
            + ", ".join(map(decimal, found.scores)),
        )
        _downloads(network, layer, found, channel)
    if picked is not None:
        selection.put(
            IMAGE,
            f"upload.{uploads.add(png(found.pictures[picked]), f'for {layer.name}, channel {channel}').hash}",
        )
        st.rerun()
    with right:
        _compare(network, layer, found, values, channel, cell=cell)
        _trace(found)


def _compare(
    network: SelectedNetwork,
    layer: "Layer",
    found: "Maximised",
    values: NDArray[np.float32],
    channel: int,
    *,
    cell: Place | None,
) -> None:
    """What the pictures score, beside the image looked at and the strongest test image."""
    best = float(found.scores[0])
    own = float(values[cell]) if cell else float(values.mean())
    rows = [("The strongest of these", best), ("The image you look at", own)]
    known = excitation_index.layer(network, layer.name)
    line = ""
    # Of whole maps the index has no mean of a single image.
    if known is not None and channel < known.channels and (cell or values.size == 1):
        strongest = float(known.peaks[0, channel])
        where = ", wherever in its map" if values.size > 1 else ""
        rows.append((f"The strongest of {known.count:,} test images{where}", strongest))
        times = found.times(strongest)
        line = f"{times:.1f} times as strong as any of these test images. " if times else ""
    what = "Value of the cell" if cell else "Value" if values.size == 1 else "Mean of the map"
    st.table(pd.DataFrame([(name, decimal(value)) for name, value in rows], columns=["", what]).set_index(""))
    says = networks.prediction(network.stamp, _seen(network, found.pictures[0]))
    top = int(says.argmax())
    st.caption(
        f"{line}The network takes the strongest for {network.card.classes[top]} ({per_cent(says[top])}). "
        f"Made from noise in {len(found.trace):,} "
        + (f"of {found.settings.steps:,} " if len(found.trace) < found.settings.steps else "")
        + f"steps, seed {found.settings.seed}: not an image of the data."
    )


def _seen(network: SelectedNetwork, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    from cnnviz.explore.inputs.preprocessing import as_input

    return as_input(picture, network.card).values


def _trace(found: "Maximised") -> None:
    every = -(-found.trace.size // MOST_POINTS)
    rows = [
        {"step": step, "score": score, "picture": str(number + 1)}
        for step in range(0, len(found.trace), every)
        for number, score in enumerate(found.trace[step])
    ]
    chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_line(color=BLUE, strokeWidth=1.5, opacity=0.7)
        .encode(
            x=alt.X("step:Q", title="Step", scale=alt.Scale(nice=False)),
            y=alt.Y("score:Q", title="Score"),
            detail="picture:N",
            tooltip=["picture", "step", alt.Tooltip("score:Q", format=".4g")],
        )
        .properties(height=150)
    )
    st.altair_chart(
        chart,
        key="maximisation trace",
        alt=f"Scores of the pictures at each step, from {decimal(float(found.trace[0].mean()))} "
        f"to {decimal(float(found.trace[-1].mean()))} on average",
    )


def _downloads(network: SelectedNetwork, layer: "Layer", found: "Maximised", channel: int) -> None:
    stem = f"{network.run.id}-{layer.name}-{channel}-most".replace(":", "-")
    with st.container(horizontal=True):
        st.download_button(
            "PNG",
            lambda: _sheet(found.pictures, width=1024).png,
            f"{stem}.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
            key="maximised png",
        )
        st.download_button(
            "npz",
            lambda: _arrays(found),
            f"{stem}.npz",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
            key="maximised npz",
        )


def _arrays(found: "Maximised") -> bytes:
    content = io.BytesIO()
    np.savez_compressed(
        content,
        pictures=found.pictures,
        scores=found.scores,
        trace=found.trace,
        objective=found.objective,
        settings=found.settings.model_dump_json(),
    )
    return content.getvalue()
