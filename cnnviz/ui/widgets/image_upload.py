"""Pictures of one's own: uploaded, several at once, or photographed."""

from contextlib import nullcontext

import numpy as np
import streamlit as st

from cnnviz.errors import ImageError
from cnnviz.render.mosaic import grid_pictures
from cnnviz.ui.resources import uploads
from cnnviz.ui.widgets.thumbnail_list import choose
from cnnviz.ui.widgets.uploader import refuse, uploader

_UPLOAD = "image upload"
_READ, _FRESH = "uploads read", "upload fresh"


def upload(current: str) -> str | None:
    """The name of the picture to look at next: the first one that has just come, or one chosen of those here."""
    files = uploader(
        "PNG, JPEG, WebP or BMP, several at once",
        type=["png", "jpg", "jpeg", "webp", "bmp"],
        accept_multiple_files=True,
        key=_UPLOAD,
        max_upload_size=64,
    )
    fresh: str | None = st.session_state.pop(_FRESH, None)
    known: set[str] = st.session_state.setdefault(_READ, set())
    new = [file for file in files if file.file_id not in known]
    reasons: list[str] = []
    with st.spinner(f"Reading {len(new)} pictures …") if len(new) > 1 else nullcontext():
        for file in new:
            known.add(file.file_id)
            try:
                picture = uploads.add(file.getvalue(), file.name)
                fresh = fresh or f"upload.{picture.hash}"
            except ImageError as error:
                reasons.append(f"{uploads.harmless(file.name)}: {error}")
    if reasons:
        st.session_state[_FRESH] = fresh  # looked at once the page is drawn anew
        refuse(_UPLOAD, *reasons)
    return _strip(current) or fresh


def camera(current: str) -> str | None:
    """The name of the photograph that was just taken, if one was, or of one chosen of those here."""
    fresh: str | None = None
    shot = st.camera_input("Photograph", key="image camera", label_visibility="collapsed")
    if shot is not None and st.session_state.get("shot taken") != shot.file_id:
        st.session_state["shot taken"] = shot.file_id
        fresh = f"upload.{uploads.add(shot.getvalue(), 'Photograph').hash}"
    return _strip(current) or fresh


def _strip(current: str) -> str | None:
    """The pictures of this session, to walk through."""
    mine = uploads.mine()
    if not mine:
        return None
    labels = [f"{one.title}, {one.pixels.shape[1]:,} × {one.pixels.shape[0]:,}" for one in mine]
    picked = choose(
        grid_pictures(np.stack([one.thumb for one in mine])),
        [f"upload.{one.hash}" for one in mine],
        labels,
        current=current,
        what="pictures of yours",
    )
    if len(mine) > 1:
        st.button(
            "Clear the list", type="tertiary", icon=":material/clear_all:", on_click=uploads.forget,
            key="clear uploads", help="A link to one of them goes on working while the app runs.",
        )  # fmt: skip
    return picked
