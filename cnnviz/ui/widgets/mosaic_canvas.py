"""Many small pictures in one: sharp at every width, walked with arrow keys, chosen with a click or Enter."""

import base64
from collections.abc import Callable, Sequence

import streamlit as st

from cnnviz.render.mosaic import Mosaic
from cnnviz.ui.widgets.component import component, pick

_sprite = component("cnnviz_sprite", __file__)


def sprite(
    mosaic: Mosaic,
    *,
    key: str,
    alt: str,
    tile: int,
    columns: int | None = None,
    labels: Sequence[str] | None = None,
    selected: int | None = None,
    choice: bool = False,
    marks: Sequence[str | None] | None = None,
    choose: Callable[[int], None] | None = None,
) -> int | None:
    """The number of the tile that was just chosen, if one was; draws `mosaic` with tiles about `tile` px wide.

    Tiles are enlarged by whole factors and flow into as many columns as fit, or at most `columns`.
    `labels` say what each shows; `marks` are colours (#rrggbb) of the corners of tiles that stand out.
    `choose` is called with the number of a tile that was chosen, before the page runs again.
    """
    stamp = str(hash(mosaic.png))

    def chosen() -> None:
        picked = pick(st.session_state[key].picked, stamp)
        if choose is not None and picked is not None and 0 <= int(picked) < mosaic.count:
            choose(int(picked))

    result = _sprite(
        key=key,
        data={
            "png": base64.b64encode(mosaic.png).decode(),
            "tile": [mosaic.tile_width, mosaic.tile_height],
            "columns": mosaic.columns,
            "sheetGap": mosaic.gap,
            "count": mosaic.count,
            "wanted": tile,
            "atMost": columns,
            "labels": list(labels) if labels else None,
            "selected": selected,
            "choice": choice or choose is not None,
            "alt": alt,
            "marks": list(marks) if marks and any(marks) else None,
            "stamp": stamp,
        },
        on_picked_change=chosen,
    )
    picked = pick(result.picked, stamp)
    return int(picked) if picked is not None and 0 <= int(picked) < mosaic.count else None
