"""All layers of a network in a table: sizes, parameters and their arithmetic, cost, what a cell sees, frozen or not."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import LAYER

if TYPE_CHECKING:
    from cnnviz.explore.layers.structure import Layer

_KEY = "layer table"


def show(layers: Sequence["Layer"], *, stem: str) -> None:
    """Draw the table; choosing a row selects its layer. `stem` begins the name of the CSV."""
    place = st.expander("All layers", icon=":material/table_rows:", key="all layers", on_change="rerun")
    if not place.open:
        return
    with place:
        frame = pd.DataFrame([_row(layer) for layer in layers])
        if not frame["Frozen"].any():
            frame = frame.drop(columns="Frozen")
        total, macs = sum(layer.parameters for layer in layers), sum(layer.macs for layer in layers)
        frozen = sum(layer.parameters for layer in layers if layer.frozen)
        st.caption(
            f"{total:,} parameters{f', {frozen:,} of them frozen' if frozen else ''}; "
            f"{macs / 1e6:,.1f} M multiply-accumulates (MACs, half of what is called FLOPs) for one image. "
            "Choose a row to see that layer."
        )
        st.dataframe(
            frame,
            hide_index=True,
            on_select=lambda: _take(layers),
            selection_mode="single-row",
            key=_KEY,
            column_config={
                "Parameters": st.column_config.NumberColumn(format="localized"),
                "MACs": st.column_config.NumberColumn(format="localized"),
            },
        )
        st.download_button(
            "CSV",
            frame.to_csv(index=False),
            f"{stem}-layers.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="layers csv",
        )


def _row(layer: "Layer") -> dict[str, object]:
    field = layer.field
    return {
        "Layer": layer.name,
        "Kind": layer.kind,
        "Output": " × ".join(map(str, layer.output_shape)),
        "Parameters": layer.parameters,
        "Arithmetic": layer.arithmetic,
        "MACs": layer.macs,
        "A cell sees": ""
        if field is None
        else "all"
        if field.whole
        else f"{field.size[0]} × {field.size[1]}",
        "Stride": None if field is None or field.whole else field.stride[0],
        "Frozen": layer.frozen,
    }


def _take(layers: Sequence["Layer"]) -> None:
    rows = st.session_state[_KEY]["selection"]["rows"]
    if rows:
        selection.put(LAYER, layers[rows[0]].name)
