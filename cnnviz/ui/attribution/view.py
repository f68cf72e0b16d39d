"""Chosen methods by chosen classes: a map for each, with its scale."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from pydantic import ValidationError
from streamlit.delta_generator import DeltaGenerator

from cnnviz.config.explain import explain
from cnnviz.errors import CnnvizError
from cnnviz.formatting import decimal
from cnnviz.progress import Work, within
from cnnviz.render.attribution import Titled, coloured, scale_of_sizes, sheet
from cnnviz.render.bar import bar
from cnnviz.render.colour import Scale
from cnnviz.render.mosaic import grid_pictures
from cnnviz.ui.attribution import checks, controls
from cnnviz.ui.attribution.controls import AttributionDisplay
from cnnviz.ui.attribution.parameters import CHECK, PAGE
from cnnviz.ui.resources import attributions, networks
from cnnviz.ui.resources.attributions import AttributionMaps
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.widgets import long_work, option_fields, pin
from cnnviz.ui.widgets.image_picker import SelectedImage
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.attribution.attribute import Attribution
    from cnnviz.explore.attribution.options import Options
    from cnnviz.explore.inputs.preprocessing import Input
    from cnnviz.report.figures.figure import Figure

_TILE = 224


@dataclass(frozen=True)
class Scene:
    """What is shown."""

    network: SelectedNetwork
    image: SelectedImage
    seen: Input
    classes: Mapping[int, str]
    """What each class is: predicted, true …"""
    look: AttributionDisplay

    def name(self, target: int) -> str:
        """Of a class."""
        return self.network.card.classes[target]


@dataclass(frozen=True)
class Row:
    """One method and all chosen classes."""

    method: str
    options: Options
    maps: AttributionMaps


def show(network: SelectedNetwork, image: SelectedImage, seen: Input) -> None:
    """Choose methods and classes, and see their maps; a map that is chosen can be put to the test."""
    probabilities = networks.prediction(network.stamp, seen.values)
    left, right = st.columns(2)
    with left:
        methods = controls.methods(attributions.reasons(network.stamp, seen.shape))
    with right:
        classes = controls.classes(network, image, probabilities)
    listed = networks.layers(network.stamp, network.run.config.freeze, seen.shape)
    setting = controls.setting(methods, listed)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        look = controls.look()
    scene = Scene(network, image, seen, classes, look)
    working = st.empty()
    places = [st.container(border=True) for _ in methods]
    rows = []
    for method, place in zip(methods, places, strict=True):
        with place:
            head, *cells = st.columns([3, *[4] * len(classes)])
        with head:
            options = _head(method)
        of = attributions.attribution_maps(network.stamp, seen.values, method, options, setting)
        rows.append((Row(method, options, of), head, cells))
    wanted = [row for row, _, _ in rows]
    _compute(wanted, list(classes), seen, working)
    for row, head, cells in rows:
        _row(scene, row, head, cells)
    _downloads(scene, wanted)
    _checks(scene, wanted)


def _head(method: str) -> Options:
    """A method's name, what it shows and when it misleads; its options, as they are set."""
    from cnnviz.explore.attribution.methods import METHODS

    found = METHODS[method]
    st.markdown(f"**{found.title}**", help=f"{found.shows}\n\n*Misleads:* {found.misleads}\n\n{found.paper}")
    st.caption(found.shows)
    with st.popover("About", icon=":material/tune:"):
        st.markdown(f"{found.shows}\n\n*It misleads:* {found.misleads}\n\n{found.paper}.")
        values = option_fields.fields(
            found.options, method, page=PAGE, of=found.title, key=f"attribution {method}"
        )
        try:
            return found.options(**values)
        except ValidationError as error:
            st.error(explain(error), icon=":material/error:")
            return found.options()


def _compute(rows: Sequence[Row], targets: list[int], seen: Input, place: DeltaGenerator) -> None:
    """What is not known yet, with progress; what was done before a stop stays."""
    missing = [row for row in rows if any(row.maps.attribution(at).load() is None for at in targets)]
    if not missing:
        return
    asked = (tuple(row.maps for row in rows), tuple(targets))
    with place.container():
        failures = long_work.at_once(
            lambda: _computing(missing, targets, seen),
            of=asked,
            name="attributing",
            again="Go on",
            key="go on attributing",
            start="Asking the network",
        )
        for failure in failures or ():
            st.error(failure, icon=":material/error:")


def _computing(rows: Sequence[Row], targets: list[int], seen: Input) -> Work[list[str]]:
    """Ends with what could not be had, and why."""
    from cnnviz.explore.attribution.methods import METHODS

    failures = []
    for number, row in enumerate(rows):
        work = attributions.compute(row.maps, seen.values, row.options, targets)
        try:
            yield from within(work, number / len(rows), (number + 1) / len(rows))
        except CnnvizError as error:
            failures.append(f"{METHODS[row.method].title}: {error}")
    return failures


def _row(scene: Scene, row: Row, head: DeltaGenerator, cells: Sequence[DeltaGenerator]) -> None:
    """The maps of one method."""
    from cnnviz.explore.attribution.warnings import oddities

    known = {target: row.maps.attribution(target).load() for target in scene.classes}
    scales = _scales([one for one in known.values() if one is not None], scene.look)
    if scales:
        with head:
            cut = any(
                one is not None and np.abs(one.map).max() > scales[target].high
                for target, one in known.items()
            )
            _legend(row, next(iter(scales.values())), scene.look, cut=cut)
    chosen = selection.peek(CHECK)
    for (target, one), cell in zip(known.items(), cells, strict=True):
        name = scene.name(target)
        with cell:
            if one is None:
                st.markdown(f"**{name}**")
                st.caption("Not computed.")
                continue
            said = f" ({scene.classes[target]})" if scene.classes[target] else ""
            st.markdown(f"**{name}**{said} · logit {decimal(one.score)}")
            picture = coloured(one.map, scales[target], scene.look.view, scene.seen.pixels)
            picked = sprite(
                grid_pictures(picture[None]),
                key=f"attribution {row.method} {target}",
                tile=_TILE,
                columns=1,
                choice=True,
                selected=0 if chosen == f"{row.method}.{target}" else None,
                alt=f"{_title(row)} for {name}, {scene.image.title}: {_range(scales[target], scene.look)}. "
                "Enter opens its checks",
            )
            if not scene.look.shared:
                st.caption(_range(scales[target], scene.look))
            for warning in oddities(one.map, score=one.score):
                st.caption(f":material/warning: {warning}")
            if picked is not None and chosen != f"{row.method}.{target}":
                selection.put(CHECK, f"{row.method}.{target}")
                st.rerun()


def _title(row: Row) -> str:
    from cnnviz.explore.attribution.methods import METHODS

    return METHODS[row.method].title


def _scales(found: Sequence[Attribution], look: AttributionDisplay) -> dict[int, Scale]:
    """A scale for each class of a method."""
    if not found:
        return {}
    groups = [found] if look.shared else [[one] for one in found]
    return {
        one.target: scale_of_sizes([each.map for each in group], signed=one.signed, share=look.share)
        for group in groups
        for one in group
    }


def _legend(row: Row, scale: Scale, look: AttributionDisplay, *, cut: bool) -> None:
    unsigned = look.view == "heat" or not scale.signed
    shown = Scale(low=0.0, high=scale.high, signed=False) if unsigned else scale
    st.image(bar(shown, width=256, height=10), output_format="PNG", alt="Colour bar")
    words = [f"{_range(scale, look)}, shared by these maps" if look.shared else "Each map has its own scale"]
    words.append("red speaks for the class, blue against it" if not unsigned else "")
    words.append("sizes, whatever their sign" if look.view == "heat" and scale.signed else "")
    words.append("1 % of values lie beyond" if cut else "")
    lines = [f"{'; '.join(word for word in words if word)}."]
    if row.maps.setting.layer and (way := getattr(row.options, "upsampling", None)):
        how = "enlarged as they are (nearest neighbour)" if way == "nearest" else "smoothed (bilinear)"
        lines.append(f"Cells of {row.maps.setting.layer}, {how}.")
    lines += [row.options.note] if row.options.note else []
    st.caption("  \n".join(lines))


def _range(scale: Scale, look: AttributionDisplay) -> str:
    low = scale.low if look.view != "heat" else 0.0
    return f"{decimal(low)} to {decimal(scale.high)}"


def _downloads(scene: Scene, rows: Sequence[Row]) -> None:
    seen, look = scene.seen, scene.look
    known = {
        row.method: (
            row,
            row.maps.known(scene.classes),
        )
        for row in rows
    }

    def picture() -> bytes:
        lines = []
        for row, found in known.values():
            scales = _scales(found, look)
            lines.append([
                Titled(coloured(one.map, scales[one.target], look.view, seen.pixels),
                       f"{_title(row)}: {scene.name(one.target)}", _range(scales[one.target], look))
                for one in found
            ])  # fmt: skip
        return sheet([[Titled(seen.pixels, "Image"), *line] for line in lines])

    def arrays() -> bytes:
        content = io.BytesIO()
        values: dict[str, Any] = {
            f"{method}.{scene.name(one.target)}": one.values
            for method, (_, found) in known.items()
            for one in found
        }
        settings: dict[str, Any] = {
            f"options.{method}": np.array(row.maps.options) for method, (row, _) in known.items()
        }
        np.savez_compressed(content, image=seen.values, **values, **settings)
        return content.getvalue()

    if any(found for _, found in known.values()):
        stem = f"{scene.network.run.id}-attribution"
        with st.container(horizontal=True):
            st.download_button(
                "PNG", picture, f"{stem}.png", "image/png", icon=":material/download:", on_click="ignore"
            )
            st.download_button(
                "npz", arrays, f"{stem}.npz", "application/zip", icon=":material/download:", on_click="ignore"
            )


def _checks(scene: Scene, rows: Sequence[Row]) -> None:
    """The checks of the chosen map, if it is one of those that are shown."""
    maps = {f"{row.method}.{target}": (row, target) for row in rows for target in scene.classes}
    row, target = maps.get(selection.value(CHECK, maps.__contains__) or "", (None, 0))
    if row is None or row.maps.attribution(target).load() is None:
        st.caption("Choose a map to see whether it can be trusted.")
        return
    checks.show(_title(row), scene.name(target), scene.seen, of=row.maps, options=row.options, target=target)
    pin.pin(lambda: _figure(scene, row, target), key="attribution", why_not=pin.only_named(scene.image))


def _figure(scene: Scene, row: Row, target: int) -> Figure:
    from cnnviz.report.figures.attributions import Attributed

    return Attributed(
        **pin.of_image(scene.network, scene.image),
        method=row.method,
        of_class=scene.name(target),
        baseline=row.maps.setting.baseline,
        layer=row.maps.setting.layer,
        settings=row.options.model_dump(mode="json", exclude_defaults=True),
    )
