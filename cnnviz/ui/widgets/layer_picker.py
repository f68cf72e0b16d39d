"""Choosing the layer that is looked at."""

from typing import TYPE_CHECKING

import streamlit as st

from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import LAYER

if TYPE_CHECKING:
    from cnnviz.explore.layers.structure import Layer


def pick(found: "list[Layer]") -> "Layer":
    """The selected one of the layers that do something, by a select box or from one to the next."""
    by_name = {layer.name: layer for layer in found if not layer.idle}
    names = list(by_name)
    chooser, others = st.columns([6, 4], vertical_alignment="bottom")
    with chooser:
        layer = by_name[
            selection.selectbox(LAYER, names, default=_first(names), words=lambda name: _words(by_name[name]))
        ]
    at = names.index(layer.name)
    with others, st.container(horizontal=True, gap="small"):  # beside each other on a phone, too
        _go("Previous", names[at - 1] if at else None, icon=":material/chevron_left:", shortcut="Left")
        _go(
            "Next",
            names[at + 1] if at + 1 < len(names) else None,
            icon=":material/chevron_right:",
            shortcut="Right",
        )
    return layer


def _go(label: str, layer: str | None, *, icon: str, shortcut: str) -> None:
    """A button, and an arrow key, that goes to another layer."""
    st.button(
        label,
        icon=icon,
        width="stretch",
        disabled=layer is None,
        on_click=selection.put,
        args=(LAYER, layer),
        shortcut=shortcut,
        key=label,
    )


def _first(names: list[str]) -> str:
    return next((name for name in ("layer1.0", "act1", "fc1") if name in names), names[0])


def _words(layer: "Layer") -> str:
    shape = " × ".join(map(str, layer.output_shape))
    frozen = " · frozen" if layer.frozen else ""
    return f"{layer.index + 1}. {layer.name} · {layer.kind} · {shape}{frozen}"
