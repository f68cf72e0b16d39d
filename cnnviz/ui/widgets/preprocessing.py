"""How a picture was read: the part that was taken, its new size, and the numbers that the network gets."""

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from cnnviz.data.fitting import WAYS
from cnnviz.data.images import Decoded, Picture, fit
from cnnviz.formatting import decimal
from cnnviz.render.mosaic import grid_pictures
from cnnviz.render.outline import Box, outlined
from cnnviz.render.picture import png
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.widgets.image_picker import SelectedImage
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.inputs.preprocessing import Input, Preprocessing

_SIDE, _READ = 280, 240
_COLOURS = {1: ["grey"], 3: ["red", "green", "blue"]}


def show(network: SelectedNetwork, image: SelectedImage, seen: "Input", *, way: str, inverted: bool) -> None:
    """Draw the original with what was read of it, what came of it, and its values, in words and numbers."""
    place = st.expander(
        "How it was read", icon=":material/straighten:", key="how it was read", on_change="rerun"
    )
    if place.open:
        with place:
            _draw(network, image, seen, way=way, inverted=inverted)


def _draw(network: SelectedNetwork, image: SelectedImage, seen: "Input", *, way: str, inverted: bool) -> None:
    from cnnviz.explore.inputs.preprocessing import reading

    found = reading(image.pixels, seen, network.card, way=way)
    st.markdown(_origin(image))
    st.image(
        _marked(image.name, found, _pixels=image.pixels),
        output_format="PNG",
        alt=f"{image.title}, {image.pixels.shape[1]} by {image.pixels.shape[0]} pixels, "
        "with the part that was read outlined",
    )
    st.markdown(_change(image.pixels, seen, found, way=way, inverted=inverted))
    height, width, _ = seen.pixels.shape
    sprite(
        grid_pictures(seen.pixels[None]),
        key="as read",
        tile=_READ,
        alt=f"What was read: {width} by {height} pixels, enlarged",
    )
    st.markdown("What the network gets is (value ÷ 255 − mean) ÷ std, as in training:")
    st.table(_values(found))
    with st.container(horizontal=True):
        stem = f"{image.name}-{width}x{height}"
        st.download_button(
            "PNG", png(seen.pixels), f"{stem}.png", "image/png",
            icon=":material/download:", on_click="ignore", key="reading png",
        )  # fmt: skip
        st.download_button(
            "npz", lambda: _arrays(seen), f"{stem}.npz", "application/zip",
            icon=":material/download:", on_click="ignore", key="reading npz",
        )  # fmt: skip


def _origin(image: SelectedImage) -> str:
    """What came in, and what had to be done to have a picture of 8-bit colours."""
    height, width = image.pixels.shape[:2]
    size = f"{width:,} × {height:,}"
    if image.decoded is None:
        return f"**Original**: {size}, 8 bits a colour."
    return f"**Original**: {origin(image.decoded)}"


def origin(decoded: Decoded) -> str:
    """What a file held, and what was done to have it upright, opaque and in 8 bits."""
    height, width = decoded.stored
    done = []
    if decoded.turn:
        done.append(f"{decoded.turn}, as its EXIF data asks")
    if decoded.transparent:
        done.append("transparency laid on white")
    if decoded.deep:
        done.append("16 bits scaled to 8")
    if decoded.mode in ("CMYK", "P"):
        done.append(f"{'palette' if decoded.mode == 'P' else 'CMYK'} made RGB")
    if decoded.frames > 1:
        done.append(f"first of {decoded.frames:,} frames")
    text = "; ".join(done)
    return f"{decoded.kind}, {width:,} × {height:,}, {decoded.mode}. " + (
        f"{text[0].upper()}{text[1:]}." if text else "Taken as it is."
    )


@st.cache_data(max_entries=16, show_spinner=False)
def _marked(name: str, found: "Preprocessing", _pixels: Picture) -> bytes:
    """PNG of the picture of that name, made smaller if it is large, with a line around what was read."""
    height, width = found.of
    scale = max(1.0, max(height, width) / _SIDE)
    small = (max(1, round(height / scale)), max(1, round(width / scale)))
    down, across = small[0] / height, small[1] / width
    top, left, bottom, right = found.part
    box: Box = (
        min(round(top * down), small[0] - 1),
        min(round(left * across), small[1] - 1),
        max(round(bottom * down), 1),
        max(round(right * across), 1),
    )
    return png(outlined(fit(_pixels, *small), box, to=2 * _SIDE))


def _change(pixels: Picture, seen: "Input", found: "Preprocessing", *, way: str, inverted: bool) -> str:
    """What was cut, resized, padded and recoloured."""
    top, left, bottom, right = found.part
    part = f"{right - left:,.4g} × {bottom - top:,.4g}"
    high, wide = found.place[2] - found.place[0], found.place[3] - found.place[1]
    whole = found.part == (0, 0, *found.of)
    what = f"All of it, {part}," if whole else f"Its middle, {part} (outlined),"
    down, across = found.scale
    if (down, across) == (1, 1):
        how = "is taken pixel by pixel"
    elif down == across or abs(down - across) < 0.02 * down:
        how = f"becomes {wide} × {high}: " + (
            f"about {across:.3g} × {down:.3g} pixels are averaged into one"
            if down > 1
            else f"each pixel becomes about {1 / across:.3g} × {1 / down:.3g}"
        )
    else:
        how = f"becomes {wide} × {high}: by {across:.3g} across and {down:.3g} down"
    lines = [f"**Resized**: {what} {how}{'' if (down, across) == (1, 1) else ' (bicubic)'}."]
    if (high, wide) != seen.pixels.shape[:2]:
        lines.append(f"Black around it makes {seen.pixels.shape[1]} × {seen.pixels.shape[0]}.")
    if not whole and way in WAYS:
        lines.append(WAYS[way].summary)
    if seen.pixels.shape[2] == 1 and pixels.shape[2] == 3:
        lines.append("Made grey (luma).")
    if seen.pixels.shape[2] == 3 and pixels.shape[2] == 1:
        lines.append("Its grey is given to all three channels.")
    if inverted:
        lines.append("Black and white swapped.")
    return " ".join(lines)


def _values(found: "Preprocessing") -> pd.DataFrame:
    """Mean, std and range of each channel."""
    names = _COLOURS[len(found.mean)]
    rows = [
        {
            "Channel": name,
            "Mean": f"{mean:.4f}",
            "Std": f"{std:.4f}",
            "Smallest": decimal(low, ".3f"),
            "Largest": decimal(high, ".3f"),
        }
        for name, mean, std, low, high in zip(
            names, found.mean, found.std, found.minimum, found.maximum, strict=True
        )
    ]
    return pd.DataFrame(rows).set_index("Channel")


def _arrays(seen: "Input") -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, values=seen.values, pixels=seen.pixels)
    return content.getvalue()
