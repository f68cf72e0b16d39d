"""Bringing a network in: one of torchvision's by its name, or a file of weights. It becomes a run like any other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import streamlit as st

from cnnviz.config import TorchvisionName
from cnnviz.config.strict import Activation
from cnnviz.errors import CnnvizError, ConfigError
from cnnviz.progress import Progress, Work
from cnnviz.runs import importing
from cnnviz.runs.importing import Found, ImportSettings
from cnnviz.runs.run import Run
from cnnviz.ui.shell import selection
from cnnviz.ui.widgets import long_work

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 512
"""Megabytes of an upload, which is held in memory: as `server.maxUploadSize` in .streamlit/config.toml."""
_SOURCES = {"torchvision": "One of torchvision's", "file": "A file of weights"}
_IMAGENET = "ImageNet's 1,000"
_OPEN, _DONE = "add network", "network added"
_OWN = "Names of my own"
_SPECIAL = ("run", "snapshot", "layer", "channel", "cell", "image")


def show() -> None:
    """A button that opens the form; what it asks is worked out only once it is open."""
    if st.session_state.pop(_DONE, False):
        st.session_state[_OPEN] = False
    place = st.popover("Add a network", icon=":material/add:", key=_OPEN, on_change="rerun")
    if not place.open:
        return
    with place:
        source = st.segmented_control(
            "From", list(_SOURCES), format_func=lambda one: _SOURCES[one], default="torchvision",
            required=True, key="add from", label_visibility="collapsed",
        )  # fmt: skip
        try:
            _by_name() if source == "torchvision" else _by_file()
        except CnnvizError as error:
            st.error(str(error), icon=":material/error:")


def origin(run: Run) -> None:
    """Where an imported network comes from, and what was taken for granted; nothing for a trained one."""
    if run.imported is None:
        return
    st.caption(
        f"Imported: {'. '.join([run.imported.source, *(note.rstrip('.') for note in run.imported.notes)])}."
    )


def _by_name() -> None:
    name = st.selectbox(
        "Network", get_args(TorchvisionName), index=None, key="add name", placeholder="resnet50"
    )
    weights = st.segmented_control(
        "Weights", ["random", "imagenet"], format_func={"random": "Random", "imagenet": "ImageNet"}.__getitem__,
        default="random", required=True, key="add weights",
        help="ImageNet weights are downloaded once, by torchvision's address, into its own folder.",
    )  # fmt: skip
    seed, data = 0, ""
    if weights == "random":
        seed = int(
            st.number_input("Seed", 0, 2**31 - 1, 0, key="add seed", help="Decides the random weights.")
        )
        data = _data_for_classes()
    if name is None:
        st.button("Add", type="primary", disabled=True, key="add by name")
        return
    usual = _usual_side(name)
    side = int(
        st.number_input(
            "Image size", 16, 1024, usual, key=f"add side {name}", help=f"Made for {usual} pixels."
        )
    )
    if st.button("Add", type="primary", key="add by name"):
        kind: Any = weights
        _add(importing.from_torchvision(name, weights=kind, seed=seed, side=side, data=data))


def _data_for_classes() -> str:
    """The data set whose classes a network of random weights gets; empty for ImageNet's."""
    from cnnviz.data import catalogue

    titles = {name: entry.title for name, entry in catalogue.entries().items()}
    chosen = st.selectbox(
        "Classes", ["", *catalogue.available()], format_func=lambda one: titles.get(one, one) or _IMAGENET,
        key="add classes of", help="With a data set, its test images can be looked through.",
    )  # fmt: skip
    return str(chosen)


def _by_file() -> None:
    file = st.file_uploader(
        f".safetensors, .pt or .pth with a state dict, up to {LARGEST} MB", type=["safetensors", "pt", "pth"],
        key="add file", max_upload_size=LARGEST,
    )  # fmt: skip
    typed = st.text_input("Or a file on this machine", key="add path", help="Of up to 4 GB.").strip()
    named = st.selectbox(
        "Network", ["mlp", "cnn", "resnet18", "vgg11_bn", *get_args(TorchvisionName)], index=None,
        key="add as", placeholder="recognised from its names and shapes",
    )  # fmt: skip
    if file is not None:
        found = _uploaded(file.file_id, named or "", _file=file)
    elif typed:
        path = Path(typed).expanduser()
        try:
            there = path.stat()
        except (OSError, ValueError):
            raise ConfigError("There is no such file on this machine: check the path.") from None
        found = _on_disk(str(path), (there.st_mtime_ns, there.st_size, there.st_ino), named or "")
    else:
        st.button("Add", type="primary", disabled=True, key="add by file")
        return
    reading = _asked(found)
    if st.button("Add", type="primary", key="add by file"):
        _add(_from_file(found, reading))


@st.cache_resource(max_entries=2, ttl=1800, show_spinner="Reading the file …")
def _uploaded(upload: str, network: str, _file: Any) -> Found:
    """The network in an uploaded file, told apart by the upload."""
    with tempfile.TemporaryDirectory(prefix="cnnviz-") as folder:
        suffix = Path(_file.name).suffix.lower()
        path = Path(folder, f"upload{suffix if suffix in ('.pt', '.pth') else '.safetensors'}")
        try:
            path.write_bytes(_file.getbuffer())
        except OSError as error:
            raise ConfigError(
                f"The upload can't be kept ({error.strerror}): make room on the disk."
            ) from None
        return importing.examine(path, source=_plain(_file.name), network=network)


@st.cache_resource(max_entries=2, ttl=1800, show_spinner="Reading the file …")
def _on_disk(path: str, state: tuple[int, int, int], network: str) -> Found:
    """The network in a file on this machine, read again when it has changed."""
    return importing.examine(Path(path), network=network)


@st.cache_data(show_spinner=False)
def _usual_side(name: str) -> int:
    from cnnviz.models.torchvisions import imagenet_side

    return imagenet_side(name)


def _plain(name: str) -> str:
    """The name of an upload, which is user text, as one line without marks that a page would read."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isalnum() or letter in " ._-+()")[-60:] or "The file"


def _asked(found: Found) -> ImportSettings:
    """What the weights don't tell, asked with the usual answers filled in."""
    known, reading = found.recognised, importing.usual(found)
    called = getattr(known.network, "model", known.network.name)
    colour = "colour" if known.image_shape[2] == 3 else "grey"
    st.success(
        f"{found.source} is a **{called}** with {known.classes:,} classes, for {colour} images.",
        icon=":material/check:",
    )
    for note in known.notes:
        st.caption(note)
    key = f"{found.source} {called}"
    reading = replace(
        reading, title=st.text_input("Title", reading.title, max_chars=80, key=f"add title {key}")
    )
    if found.card is not None:
        st.caption("It says itself how it reads images and what its classes are called.")
        return reading
    st.caption("Weights don't tell the rest: these are the usual answers.")
    reading = replace(
        reading,
        side=_image_size(found, reading.side, key),
        options=tuple((one, _OPTIONS[one](found, key)) for one in known.asks),
    )
    return _figures(_named(reading, found, key), key)


def _image_size(found: Found, usual: int, key: str) -> int:
    fixed = found.recognised.fixed_size
    side = st.number_input(
        "Image size", 4, 1024, usual, disabled=fixed, key=f"add size {key}",
        help="Its weights fit images of this size only." if fixed else "Width and height in pixels.",
    )  # fmt: skip
    return int(side)


def _named(reading: ImportSettings, found: Found, key: str) -> ImportSettings:
    """`reading` with the names of the classes, of a data set where its number of classes fits."""
    known = found.recognised
    usual = _IMAGENET if known.classes == 1000 else "By number"
    fitting = importing.fitting_data(classes=known.classes, channels=known.image_shape[2])
    chosen = st.selectbox(
        "Classes and test images", [usual, *fitting, _OWN], key=f"add names {key}",
        format_func=lambda one: one if one in (usual, _OWN) else f"Of {one}",
        help="Of a data set: its class names, its test images, its mean and standard deviation.",
    )  # fmt: skip
    if chosen == _OWN:
        text = st.text_area(f"{known.classes:,} names, a line each", key=f"add own names {key}")
        names = tuple(line.strip() for line in text.splitlines() if line.strip())
        return replace(reading, classes=names)
    return reading if chosen == usual else importing.with_data(reading, str(chosen))


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


def _activation(found: Found, key: str) -> str:
    return str(st.selectbox("Activation", get_args(Activation), key=f"add activation {key}"))


def _pool_after(found: Found, key: str) -> tuple[int, ...]:
    network: Any = found.recognised.network
    chosen = st.pills(
        "Pooling after convolution", range(1, len(network.convs) + 1), selection_mode="multi",
        default=list(network.pool_after), key=f"add pool {key}",
    )  # fmt: skip
    return tuple(sorted(chosen))


_OPTIONS: Mapping[str, Callable[[Found, str], Any]] = {"activation": _activation, "pool_after": _pool_after}


def _from_file(found: Found, reading: ImportSettings) -> Work[Run]:
    yield Progress(0.0, "Checking the network")
    return importing.from_file(found, reading)


def _add(work: Work[Run]) -> None:
    """Have it made, and look at it."""
    run = long_work.run(work, name="adding", start="Checking the network")
    if run is None:
        return
    st.session_state[_DONE] = True
    for name in _SPECIAL:
        selection.drop(name)
    selection.put("run", run.id)
    st.rerun()
