"""An augmentation on one image, live: eight draws of whatever is chosen."""

import numpy as np
import streamlit as st
from pydantic import TypeAdapter, ValidationError

from cnnviz.config import Augmentation, RunConfig, explain
from cnnviz.data import preview
from cnnviz.data.prepared import Dataset
from cnnviz.errors import ConfigError
from cnnviz.render.mosaic import grid_pictures
from cnnviz.ui.data.parameters import SAMPLE
from cnnviz.ui.shell import selection
from cnnviz.ui.widgets.config_form import fields
from cnnviz.ui.widgets.mosaic_canvas import sprite

_DRAWS = 8
_FIRST = [{"name": "pad_and_crop"}, {"name": "horizontal_flip"}]
_STEPS = TypeAdapter(tuple[Augmentation, ...])


def show(dataset: Dataset) -> None:
    """The image as it is, eight draws of it, and the controls."""
    number = _sample(dataset)
    st.markdown("## Augmentation")
    controls, pictures = st.columns([4, 7], gap="large")
    with controls:
        values = fields(RunConfig, ("augmentation",), {"augmentation": _FIRST}, key="augment")
    seed = st.session_state.setdefault("augmentation seed", 0)
    with pictures:
        image = np.array(dataset.train_images[number])
        kind = dataset.classes[dataset.train_labels[number]]
        drawn = preview.draws(
            image, _others(dataset, number), _steps(values["augmentation"]), count=_DRAWS, seed=seed
        )
        st.caption(
            f"{kind}, training image {number:,}, as it is; then eight draws. In training, each image gets its own."
        )
        sprite(
            grid_pictures(np.concatenate([image[None], drawn])),
            key=f"draws {dataset.name}",
            tile=160,
            columns=3,
            labels=["as it is", *(f"draw {n}" for n in range(1, _DRAWS + 1))],
            alt=f"{kind}: the image, and eight draws of the chosen augmentation",
        )
        if st.button("Draw again", icon=":material/casino:", key="draw again"):
            st.session_state["augmentation seed"] = seed + 1
            st.rerun()


def _steps(values: object) -> tuple[Augmentation, ...]:
    try:
        return _STEPS.validate_python(values)
    except ValidationError as error:
        raise ConfigError(explain(error)) from None


def _sample(dataset: Dataset) -> int:
    """The training image that the address names; the first one where it names none."""
    chosen = selection.peek(SAMPLE) or 0
    return chosen if chosen < len(dataset.train_labels) else 0


def _others(dataset: Dataset, number: int) -> "np.typing.NDArray[np.uint8]":
    """Images to mix with: the next ones."""
    numbers = np.sort((number + 1 + np.arange(2 * _DRAWS)) % len(dataset.train_labels))
    return dataset.train_images[numbers]
