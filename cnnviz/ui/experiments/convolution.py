"""A convolution to be worked out by hand: choose a cell, see its sum."""

import numpy as np
import pandas as pd
import streamlit as st

from cnnviz.recipes import convolution
from cnnviz.recipes.recipe import Recipe
from cnnviz.render.colour import SKY


def show(recipe: Recipe) -> None:
    """The image, the kernel and the output, and the arithmetic of the chosen cell."""
    found = recipe.lesson
    assert found is not None
    output = convolution.output(found)
    places = [(row, column) for row in range(output.shape[0]) for column in range(output.shape[1])]
    wrong = convolution.wrong(found)
    names = {place: f"row {place[0] + 1}, column {place[1] + 1}" for place in places}
    chosen = st.select_slider(
        "Output cell",
        list(names.values()),
        value=names[(wrong or places)[0]],
        key="lesson cell",
    )
    row, column = place = next(one for one in places if names[one] == chosen)
    height, width = np.array(found.kernel).shape
    padded = convolution.padded(found)
    under = [(row + r, column + c) for r in range(height) for c in range(width)]
    first, second, third = st.columns([3, 2, 3], gap="large")
    with first:
        st.caption(
            f"The image in its border of zeros; what lies under the kernel is marked. Padding {found.padding}."
        )
        _table(padded, under)
    with second:
        st.caption("The kernel")
        _table(np.array(found.kernel, dtype=np.float64), [])
    with third:
        st.caption("The output; the chosen cell is marked")
        _table(output, [place])
    st.markdown(f"## {convolution.arithmetic(found, row, column)}")
    if place in wrong:
        st.warning(f"The report has {found.reported[row][column]:g} here.", icon=":material/error:")
    st.caption(
        f"The report has {len(wrong)} of {output.size} cells wrong: {'; '.join(names[one] for one in wrong)}."
        if wrong
        else "The report has all cells right."
    )
    for number, one in enumerate(found.questions):
        with st.expander(one.question, key=f"question {number}"):
            st.markdown(one.answer)


def _table(values: "np.typing.NDArray[np.float64]", marked: list[tuple[int, int]]) -> None:
    frame = pd.DataFrame(convolution.table(values))
    frame.columns = frame.columns.map(lambda number: str(number + 1))
    frame.index = frame.index.map(lambda number: number + 1)
    shown = frame.style.apply(
        lambda _: pd.DataFrame(
            [
                [f"background-color: {SKY}66" if (r, c) in marked else "" for c in range(values.shape[1])]
                for r in range(values.shape[0])
            ],
            index=frame.index,
            columns=frame.columns,
        ),
        axis=None,
    )
    st.table(shown)
