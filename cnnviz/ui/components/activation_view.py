"""All channels of one layer, in one mosaic."""

import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.render.bar import bar
from cnnviz.ui import cache, selection
from cnnviz.ui.components import channel_view, layer_table
from cnnviz.ui.components.image_picker import Chosen
from cnnviz.ui.components.network_picker import LookedAt
from cnnviz.ui.components.sprite import sprite

if TYPE_CHECKING:
    from cnnviz.explore.inputs import Input
    from cnnviz.explore.layers import Layer

_SCALES = {"layer": "One scale for all maps", "channel": "Each map its own"}
_TILE = 88
_UNIT = 20


def show(looked_at: LookedAt, image: Chosen, seen: "Input") -> None:
    """Choose a layer, and see its maps with their scale; choose a map, and see how its numbers come about."""
    values = seen.values
    freeze = looked_at.run.config.freeze
    found = [layer for layer in cache.layers(looked_at.stamp, freeze, seen.shape) if not layer.idle]
    names = [layer.name for layer in found]
    by_name = {layer.name: layer for layer in found}
    chooser, before, after = st.columns([6, 2, 2], vertical_alignment="bottom")
    with chooser:
        layer = by_name[
            selection.selectbox(
                "Layer", "layer", names, default=_first(names), words=lambda name: _words(by_name[name])
            )
        ]
    at = names.index(layer.name)
    with before:
        _go("Previous", names[at - 1] if at else None, icon=":material/chevron_left:", shortcut="Left")
    with after:
        _go(
            "Next",
            names[at + 1] if at + 1 < len(names) else None,
            icon=":material/chevron_right:",
            shortcut="Right",
        )
    card = st.container()
    per = st.segmented_control(
        "Scale",
        list(_SCALES),
        format_func=lambda per: _SCALES[per],
        default="layer",
        required=True,
        key="map scale",
        label_visibility="collapsed",
    )
    maps = cache.maps(looked_at.stamp, values, layer.name)
    mosaic = cache.tiles(looked_at.stamp, values, layer.name, per)
    zeros = float((maps == 0).mean())
    dead = int((maps == 0).all(axis=(1, 2)).sum())
    st.image(bar(mosaic.scale, width=512, height=10), output_format="PNG", alt="Colour bar")
    st.caption(
        f"{mosaic.scale.in_words()}. {len(maps):,} {'units' if maps[0].size == 1 else 'maps'}, "
        f"{zeros:.0%} of values are zero, {dead:,} are zero everywhere."
        + (
            f" Each pixel is the mean of {mosaic.shrink} × {mosaic.shrink} values."
            if mosaic.shrink > 1
            else ""
        )
    )
    peaks = maps.reshape(len(maps), -1)
    channel = channel_view.chosen(len(maps))
    picked = sprite(
        mosaic,
        key="activation maps",
        tile=_UNIT if maps[0].size == 1 else max(_TILE, maps.shape[2]),
        labels=[
            f"channel {number}: {low:.3g} to {high:.3g}, mean {mean:.3g}"
            for number, (low, high, mean) in enumerate(
                zip(peaks.min(1), peaks.max(1), peaks.mean(1), strict=True)
            )
        ],
        selected=channel,
        choice=True,
        alt=f"Activations of {layer.name} for {image.title}: {len(maps)} maps, {mosaic.scale.in_words()}. "
        "Arrow keys walk, Enter opens one",
    )
    if picked is not None:
        selection.put("channel", str(picked))
        channel = picked
    if channel is not None:
        with card:
            channel_view.show(looked_at, layer, maps, seen, channel)
    stem = f"{looked_at.run.id}-{layer.name}".replace(":", "-")
    with st.container(horizontal=True):
        st.download_button(
            "PNG",
            lambda: cache.download(looked_at.stamp, values, layer.name, per),
            f"{stem}.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "npz",
            lambda: _arrays(maps, layer.name),
            f"{stem}.npz",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
    layer_table.show(found, stem=looked_at.run.id)


def _go(label: str, layer: str | None, *, icon: str, shortcut: str) -> None:
    """A button, and an arrow key, that goes to another layer."""
    st.button(
        label,
        icon=icon,
        width="stretch",
        disabled=layer is None,
        on_click=selection.put,
        args=("layer", layer),
        shortcut=shortcut,
        key=label,
    )


def _first(names: list[str]) -> str:
    return next((name for name in ("layer1.0", "act1", "fc1") if name in names), names[0])


def _words(layer: "Layer") -> str:
    shape = " × ".join(map(str, layer.output_shape))
    frozen = " · frozen" if layer.frozen else ""
    return f"{layer.index + 1}. {layer.name} · {layer.kind} · {shape}{frozen}"


def _arrays(maps: NDArray[np.float32], layer: str) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, activations=maps, layer=layer)
    return content.getvalue()
