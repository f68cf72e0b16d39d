"""One picture, shaken by sliders; what the network says of it, and where it looks, follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.data.perturbation import PERTURBATIONS, SETTINGS, in_words, shaken
from cnnviz.formatting import per_cent
from cnnviz.render.attribution import coloured, scale_of_sizes
from cnnviz.render.colour import Scale
from cnnviz.render.mosaic import grid_pictures
from cnnviz.render.picture import enlarge, png
from cnnviz.ui.resources import networks
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.robustness.class_bars import share, shares
from cnnviz.ui.robustness.parameters import CAM, SHAKE
from cnnviz.ui.shell import frame, selection
from cnnviz.ui.widgets.image_picker import SelectedImage
from cnnviz.ui.widgets.live_sliders import Range, put, ranges
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.attribution.prediction_and_cam import PredictionAndCam
    from cnnviz.explore.inputs.preprocessing import Input

FOLLOWED = "shake followed"
"""In the session: whether the rest of the page shows what is set, and is to be drawn anew once the sliders rest."""
_MOVING, _RESTED, _SLIDERS = "shake moving", "shake rested", "shake sliders"
_FIRST = {"rotation": 30.0, "blur": 1.0}
"""What the page opens with."""
_TILE, _LARGE = 256, 512
_ALL, _TOP = 12, 5
"""Classes that are all listed; of more, so many of the likeliest before and after."""
_SPEAKS = {"now": "what it says now", "before": "what it said before"}
_RANGES = {
    name: Range(
        name, setting.label, setting.unit, setting.low, setting.high, setting.step, setting.neutral,
        f"{one.what} Double-click for {setting.words(setting.neutral)}.",
    )
    for one in PERTURBATIONS.values()
    for name, setting in one.settings.items()
}  # fmt: skip


def values() -> dict[str, float]:
    """What is set, by names of `SETTINGS`, of what is not neutral. Ends up in the address."""
    # A movement that never came to rest here, as another page was opened meanwhile.
    moved: dict[str, float] | None = st.session_state.pop(_MOVING, None)
    new = selection.news(SHAKE)
    asked = selection.value(SHAKE, otherwise="see the sliders")
    found = _FIRST if asked is None else asked
    if moved is not None:
        found = moved
    elif new:
        _say_beyond(found)
    found = _set(found)
    selection.put(SHAKE, found)
    return found


def _say_beyond(values: Mapping[str, float]) -> None:
    """Say where a link asks for more than a slider has."""
    for name, value in values.items():
        setting = SETTINGS[name]
        if setting.fitting(value) != value:
            selection.note(
                SHAKE,
                f"{setting.label} goes from {setting.words(setting.low)} to {setting.words(setting.high)}: "
                f"this is {setting.words(setting.fitting(value))}.",
            )


def _set(values: Mapping[str, float]) -> dict[str, float]:
    """What is not neutral, within its range."""
    fitting = {name: SETTINGS[name].fitting(value) for name, value in values.items()}
    return {name: value for name, value in fitting.items() if value != SETTINGS[name].neutral}


def show(network: SelectedNetwork, image: SelectedImage, seen: Input) -> None:
    """The shaken picture, Grad-CAM over it, sliders and probabilities; a movement draws these alone."""
    place = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Reset", icon=":material/restart_alt:", key="reset shaking", on_click=_reset)
        has_maps = _layer(network.stamp, seen.shape, _network=network) is not None
        speaks = "now"
        if has_maps:
            speaks = selection.segmented(CAM, list(_SPEAKS), default="now", words=lambda name: _SPEAKS[name])
        drawn: dict[str, NDArray[np.uint8]] = {}
        _downloads(network, image, drawn, has_maps=has_maps)
    with place:
        _live(network, image, seen, speaks, drawn)


@st.fragment
def _live(
    network: SelectedNetwork,
    image: SelectedImage,
    seen: Input,
    speaks: str,
    drawn: dict[str, NDArray[np.uint8]],
) -> None:
    """All that follows the sliders; what is drawn last is left in `drawn`. Few elements: each takes its time."""
    if st.session_state.pop(_RESTED, False) and st.session_state.get(FOLLOWED):
        st.rerun()
    with frame.guarded():
        moving: dict[str, float] | None = st.session_state.get(_MOVING)
        chosen = _set(moving if moving is not None else selection.peek(SHAKE) or {})
        found = _shake(network, seen, chosen, speaks)
        drawn["shaken"] = found.pixels
        if found.overlay is not None:
            drawn["overlay"] = found.overlay
        left, right = st.columns([5, 3], gap="medium")
        with right:
            _shares(found, network.card.classes)
        with left:
            st.markdown(_says(found, network.card.classes, image))
            _pictures(found, network.card.classes, image, chosen)
            # Last: the next movement is sent once they are drawn.
            ranges(
                _RANGES,
                {name: chosen.get(name, setting.neutral) for name, setting in SETTINGS.items()},
                key=_SLIDERS,
                title="Shake the picture",
                move=_move,
            )


@dataclass(frozen=True, eq=False)
class _Shaken:
    """What the sliders made of a picture, and the network of that."""

    pixels: NDArray[np.uint8]
    now: PredictionAndCam
    before: PredictionAndCam
    """Of the picture as it is, for the same class."""
    guess: int
    """What the network says of the picture as it is."""
    layer: str | None
    """Of Grad-CAM."""
    overlay: NDArray[np.uint8] | None
    scale: Scale | None


def _shares(found: _Shaken, classes: tuple[str, ...]) -> None:
    now, before = found.now.probabilities, found.before.probabilities
    listed = _listed(found)
    some = (
        "" if len(listed) == len(classes) else f"; {len(listed)} of {len(classes):,} classes, the likeliest"
    )
    shares(
        [
            share(classes[at], float(now[at]), float(before[at]), first=at == int(now.argmax()))
            for at in listed
        ],
        key="shares",
        title="Probabilities of the shaken picture",
        note=f"Probabilities of the shaken picture{some}. Tick and change, in points: against the picture as it is.",
    )


def _move(found: dict[str, float], rested: bool) -> None:
    if rested:
        _put(found)
    else:
        st.session_state[_MOVING] = found


def _reset() -> None:
    put(_SLIDERS)
    _put({})


def _put(found: dict[str, float]) -> None:
    """Have it in the address, too: not at every step, each of which the browser would remember."""
    st.session_state.pop(_MOVING, None)
    st.session_state[_RESTED] = True
    selection.put(SHAKE, _set(found))


def _shake(network: SelectedNetwork, seen: Input, chosen: dict[str, float], speaks: str) -> _Shaken:
    from cnnviz.explore.inputs.preprocessing import as_fed

    layer = _layer(network.stamp, seen.shape, _network=network)
    pixels = shaken(seen.pixels, chosen)
    before = _glance(network.stamp, seen.values, layer, None)
    guess = before.target
    fed = as_fed(pixels, network.card).values
    now = _glance(network.stamp, fed, layer, guess if speaks == "before" else None)
    if now.target != guess:
        before = _glance(network.stamp, seen.values, layer, now.target)
    overlay = scale = None
    if now.map is not None and before.map is not None:
        scale = scale_of_sizes([before.map, now.map], signed=True)
        overlay = coloured(now.map, scale, "overlay", pixels)
    return _Shaken(pixels, now, before, guess, layer, overlay, scale)


@st.cache_data(max_entries=16, show_spinner=False)
def _layer(of: networks.Stamp, shape: tuple[int, int, int], _network: SelectedNetwork) -> str | None:
    """The layer that Grad-CAM looks at; None where no layer has maps."""
    from cnnviz.explore.attribution.cam import best_layer

    best = best_layer(networks.layers(of, _network.run.config.freeze, shape))
    return best[0] if best else None


@st.cache_data(max_entries=64, show_spinner=False)
def _glance(
    of: networks.Stamp, image: NDArray[np.float32], layer: str | None, target: int | None
) -> PredictionAndCam:
    from cnnviz.explore.attribution.prediction_and_cam import glance

    return glance(networks.network(of)[0], image, layer=layer, target=target)


def _says(found: _Shaken, classes: tuple[str, ...], image: SelectedImage) -> str:
    now, before = found.now.probabilities, found.before.probabilities
    guess = int(now.argmax())
    verdict = (
        f"Still says **{classes[guess]}**, {per_cent(now[guess])} (was {per_cent(before[guess])})"
        if guess == found.guess
        else f"Now says **{classes[guess]}**, {per_cent(now[guess])}; it said {classes[found.guess]}, "
        f"{per_cent(before[found.guess])}, which has {per_cent(now[found.guess])} left"
    )
    right = "" if image.truth is None else f" It is {classes[image.truth]}."
    return f"{verdict}.{right}"


def _pictures(
    found: _Shaken, classes: tuple[str, ...], image: SelectedImage, chosen: dict[str, float]
) -> None:
    height, width, channels = found.pixels.shape
    plain = found.pixels if channels == 3 else found.pixels.repeat(3, axis=2)
    what = in_words(chosen) or "as it is"
    drawn = [plain] if found.overlay is None else [plain, found.overlay]
    target = classes[found.now.target]
    sprite(
        grid_pictures(np.stack(drawn)),
        key="shaken",
        tile=_TILE,
        columns=2,
        alt=f"Shaken: {image.title}, {what}"
        + (f"; and Grad-CAM for {target} over it" if found.overlay is not None else ""),
    )
    line = f"{image.title}, {what}: {width} × {height}, as the network reads it."
    if found.scale is None:
        why = "There is no Grad-CAM: every layer of this network is a row of units, and none has maps."
        st.caption(f"{line}  \n{why}")
        return
    high = f"{found.scale.high:.3g}"
    st.caption(
        f"{line}  \nOver it Grad-CAM for {target}, cells of {found.layer}: −{high} to {high}, the larger of before and "
        "now; red speaks for the class, blue against it."
    )


def _listed(found: _Shaken) -> list[int]:
    """Classes whose bars are drawn, by number, so that none changes its place."""
    now, before = found.now.probabilities, found.before.probabilities
    if len(now) <= _ALL:
        return list(range(len(now)))
    return sorted({*np.argsort(-now)[:_TOP].tolist(), *np.argsort(-before)[:_TOP].tolist()})


def _downloads(
    network: SelectedNetwork, image: SelectedImage, drawn: dict[str, NDArray[np.uint8]], *, has_maps: bool
) -> None:
    """Files of what is drawn when they are asked for."""
    stem = f"{network.run.id}-{image.name}-shaken"
    st.download_button(
        "PNG", lambda: png(drawn["shaken"]), f"{stem}.png", "image/png",
        icon=":material/download:", on_click="ignore", key="shaken png",
        help="The shaken picture, a pixel a pixel",
    )  # fmt: skip
    if has_maps:
        st.download_button(
            "PNG, Grad-CAM", lambda: png(enlarge(drawn["overlay"], to=_LARGE)), f"{stem}-grad-cam.png",
            "image/png", icon=":material/download:", on_click="ignore", key="shaken overlay",
        )  # fmt: skip
