"""What the weights of a network don't tell, asked with the usual answers filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import streamlit as st

from cnnviz.config.strict import Activation
from cnnviz.errors import ConfigError
from cnnviz.runs import import_settings
from cnnviz.runs.import_settings import ImportSettings
from cnnviz.runs.network_file import NetworkFile

IMAGENET = "ImageNet's 1,000"
_OWN = "Names of my own"


def settings(file: NetworkFile) -> ImportSettings:
    """How the network of a file is to be read. Raises ConfigError for what does not go together."""
    match, reading = file.match, import_settings.usual(file)
    name = match.network.name
    called = getattr(match.network, "model", "network of your own" if name == "exported" else name)
    colour = "colour" if match.image_shape[2] == 3 else "grey"
    st.success(
        f"{file.source} is a **{called}** with {match.classes:,} classes, for {colour} images.",
        icon=":material/check:",
    )
    for note in match.notes:
        st.caption(note)
    key = f"{file.source} {called}"
    reading = replace(
        reading, title=st.text_input("Title", reading.title, max_chars=80, key=f"add title {key}")
    )
    if file.card is not None:
        st.caption("It says itself how it reads images and what its classes are called.")
        return reading
    st.caption("Weights don't tell the rest: these are the usual answers.")
    reading = _named(reading, file, key)
    reading = _layout(file, _image_size(file, reading, key), key)
    for said in import_settings.assumptions(file, reading):
        st.caption(said)
    return _figures(reading, key)


def _image_size(file: NetworkFile, reading: ImportSettings, key: str) -> ImportSettings:
    """`reading` with the size that was confirmed or changed: the data set's, if the weights fit it."""
    fixed = file.match.fixed_size
    try:
        reading = import_settings.with_layout(file, reading)
    except ConfigError as error:
        st.warning(str(error), icon=":material/warning:")
    side = st.number_input(
        "Image size", 4, 1024, reading.side, disabled=fixed, key=f"add size {key} {reading.data}".rstrip(),
        help="Its weights fit images of this size only." if fixed else "Width and height in pixels.",
    )  # fmt: skip
    return replace(reading, side=int(side))


def _layout(file: NetworkFile, reading: ImportSettings, key: str) -> ImportSettings:
    """`reading` with activation, padding and poolings, of a plain network."""
    options = dict(reading.options)
    if "activation" in file.match.options:
        options["activation"] = st.selectbox("Activation", get_args(Activation), key=f"add activation {key}")
    if "pool_after" in file.match.options:
        known = import_settings.layouts(file, reading.side)
        if not known:
            import_settings.with_layout(file, reading, side=reading.side)  # raises, and says what is wrong
        layout = st.selectbox(
            "Padding and pooling", known, key=f"add layout {key} {reading.side}",
            help=f"Those that end in the {file.match.cells} × {file.match.cells} maps that fc1 reads, likeliest first.",
        )  # fmt: skip
        options |= {"padding": layout.padding, "pool_after": layout.pool_after}
    return replace(reading, options=tuple(options.items()))


def _named(reading: ImportSettings, file: NetworkFile, key: str) -> ImportSettings:
    """`reading` with the names of the classes, of a data set where its number of classes fits."""
    match = file.match
    usual = IMAGENET if match.classes == 1000 else "By number"
    fitting = import_settings.fitting_data(classes=match.classes, channels=match.image_shape[2])
    chosen = st.selectbox(
        "Classes and test images", [usual, *fitting, _OWN], key=f"add names {key}",
        format_func=lambda one: one if one in (usual, _OWN) else f"Of {one}",
        help="Of a data set: its class names, its test images, its mean and standard deviation.",
    )  # fmt: skip
    if chosen == _OWN:
        text = st.text_area(f"{match.classes:,} names, a line each", key=f"add own names {key}")
        names = tuple(line.strip() for line in text.splitlines() if line.strip())
        return replace(reading, classes=names)
    return reading if chosen == usual else import_settings.with_data(reading, str(chosen))


def _figures(reading: ImportSettings, key: str) -> ImportSettings:
    """`reading` with mean and standard deviation as they were confirmed or changed."""
    key = f"{key} {reading.data}"
    mean = st.text_input("Mean, of values 0 to 1", _words(reading.mean), key=f"add mean {key}")
    std = st.text_input("Standard deviation", _words(reading.std), key=f"add std {key}")
    return replace(reading, mean=_numbers(mean), std=_numbers(std))


def _words(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.4g}" for value in values)


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.replace(";", ",").split(",") if part.strip())
    except ValueError:
        raise ConfigError(f"{text[:40]!r} is no list of numbers, such as 0.485, 0.456, 0.406.") from None
