"""Every kernel of a layer as one pixel: a row a filter, a column an input channel. A click or Enter takes a row."""

import base64
from collections.abc import Sequence

from cnnviz.render.colour import LEVELS, palette, table_of
from cnnviz.render.mosaic import Mosaic
from cnnviz.ui.widgets.component import component, ignore, pick

_matrix = component("cnnviz_kernel_matrix", __file__, frame="matrix_frame")


def kernel_matrix(
    drawn: Mosaic,
    *,
    key: str,
    alt: str,
    what: str,
    names: Sequence[int],
    inputs: Sequence[int] | None = None,
    notes: Sequence[str],
    marks: Sequence[str | None],
    selected: int | None,
) -> int | None:
    """The row that was just chosen, if one was; draws a picture of `render.filters.matrix`, unblurred.

    `names` are the filters' numbers by row, `inputs` the first input channel of each row where rows differ,
    `notes` and `marks` (#rrggbb) what is to be said of them. `what` is the quantity that is shown.
    """
    scale = drawn.scale
    colours = palette(table_of(scale), signed=scale.signed)[:LEVELS].astype(int)
    stamp = str(hash(drawn.png))
    result = _matrix(
        key=key,
        data={
            "png": base64.b64encode(drawn.png).decode(),
            "rows": drawn.rows,
            "columns": drawn.tile_width,
            "names": [int(name) for name in names],
            "inputs": list(inputs) if inputs is not None else None,
            "notes": list(notes),
            "marks": list(marks) if any(marks) else None,
            "lows": [scale.low] if scale.shared else list(scale.lows),
            "highs": [scale.high] if scale.shared else list(scale.highs),
            "levels": [int(r) << 16 | int(g) << 8 | int(b) for r, g, b in colours],
            "what": what,
            "selected": selected,
            "alt": alt,
            "stamp": stamp,
        },
        on_picked_change=ignore,
    )
    picked = pick(result.picked, stamp)
    return int(picked) if picked is not None and 0 <= int(picked) < drawn.rows else None
