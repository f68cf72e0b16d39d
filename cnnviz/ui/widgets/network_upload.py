"""Bringing a network in: one of torchvision's by its name, a file of weights, or a run of another bench."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, get_args

import streamlit as st

from cnnviz.config import TorchvisionName
from cnnviz.errors import CheckpointError, CnnvizError, ConfigError
from cnnviz.progress import Progress, Work
from cnnviz.report.importing import import_zip
from cnnviz.report.study_archive import ImportedStudy, holds_study, import_study
from cnnviz.runs import importing
from cnnviz.runs.import_settings import ImportSettings
from cnnviz.runs.network_file import NetworkFile, examine
from cnnviz.runs.run import Run
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import CELL, CHANNEL, IMAGE, LAYER, RUN, SNAPSHOT, STUDY
from cnnviz.ui.widgets import import_form, long_work
from cnnviz.ui.widgets.import_form import IMAGENET
from cnnviz.ui.widgets.uploader import forget, refuse, uploader

LARGEST = 512
"""Megabytes of an upload, which is held in memory: as `server.maxUploadSize` in .streamlit/config.toml."""
_SOURCES = {
    "torchvision": "One of torchvision's",
    "file": "A file of weights",
    "zip": "A run's or study's zip",
}
_OPEN, _DONE, _UPLOAD, _ZIP = "add network", "network added", "add file", "add zip"


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
            {"torchvision": _by_name, "file": _by_file, "zip": _by_zip}[source]()
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
        "Classes", ["", *catalogue.available()], format_func=lambda one: titles.get(one, one) or IMAGENET,
        key="add classes of", help="With a data set, its test images can be looked through.",
    )  # fmt: skip
    return str(chosen)


def _by_file() -> None:
    upload = uploader(
        f".safetensors, .pt or .pth with a state dict, or .pt2 of torch.export, up to {LARGEST} MB",
        type=["safetensors", "pt", "pth", "pt2"],
        key=_UPLOAD, max_upload_size=LARGEST,
    )  # fmt: skip
    typed = st.text_input("Or a file on this machine", key="add path", help="Of up to 4 GB.").strip()
    named = st.selectbox(
        "Network", ["mlp", "cnn", "resnet18", "vgg11_bn", *get_args(TorchvisionName)], index=None,
        key="add as", placeholder="recognised from its names and shapes",
    )  # fmt: skip
    if upload is not None:
        try:
            file = _uploaded(upload.file_id, named or "", _file=upload)
        except CheckpointError as error:
            if named:  # under another name, or none, it may fit
                raise
            refuse(_UPLOAD, str(error))
    elif typed:
        forget(_UPLOAD)
        path = Path(typed).expanduser()
        try:
            there = path.stat()
        except (OSError, ValueError):
            raise ConfigError("There is no such file on this machine: check the path.") from None
        file = _on_disk(str(path), (there.st_mtime_ns, there.st_size, there.st_ino), named or "")
    else:
        st.button("Add", type="primary", disabled=True, key="add by file")
        return
    settings = import_form.settings(file)
    if st.button("Add", type="primary", key="add by file"):
        _add(_from_file(file, settings))


def _by_zip() -> None:
    upload = uploader(
        f"What Take away gave, up to {LARGEST} MB; larger ones come in with `import`", type=["zip"],
        key=_ZIP, max_upload_size=LARGEST,
    )  # fmt: skip
    if st.button("Add", type="primary", disabled=upload is None, key="add by zip") and upload is not None:
        if holds_study(upload):
            _add_study(import_study(upload))
        else:
            _add(import_zip(upload))


@st.cache_resource(max_entries=2, ttl=1800, show_spinner="Reading the file …")
def _uploaded(upload: str, network: str, _file: Any) -> NetworkFile:
    """The network in an uploaded file, told apart by the upload."""
    with tempfile.TemporaryDirectory(prefix="cnnviz-") as folder:
        suffix = Path(_file.name).suffix.lower()
        path = Path(folder, f"upload{suffix if suffix in ('.pt', '.pth', '.pt2') else '.safetensors'}")
        try:
            path.write_bytes(_file.getbuffer())
        except OSError as error:
            raise ConfigError(
                f"The upload can't be kept ({error.strerror}): make room on the disk."
            ) from None
        return examine(path, source=_plain(_file.name), network=network)


@st.cache_resource(max_entries=2, ttl=1800, show_spinner="Reading the file …")
def _on_disk(path: str, state: tuple[int, int, int], network: str) -> NetworkFile:
    """The network in a file on this machine, read again when it has changed."""
    return examine(Path(path), network=network)


@st.cache_data(show_spinner=False)
def _usual_side(name: str) -> int:
    from cnnviz.models.torchvisions import imagenet_side

    return imagenet_side(name)


def _plain(name: str) -> str:
    """The name of an upload, which is user text, as one line without marks that a page would read."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isalnum() or letter in " ._-+()")[-60:] or "The file"


def _from_file(file: NetworkFile, settings: ImportSettings) -> Work[Run]:
    yield Progress(0.0, "Checking the network")
    return importing.from_file(file, settings)


def _add_study(work: Work[ImportedStudy]) -> None:
    """Have it taken in, and look at it."""
    study = long_work.run(work, name="adding", start="Checking the study")
    if study is not None:
        st.session_state[_DONE] = True
        st.switch_page("pages/studies.py", query_params=selection.link({STUDY: study.id}))


def _add(work: Work[Run]) -> None:
    """Have it made, and look at it."""
    run = long_work.run(work, name="adding", start="Checking the network")
    if run is None:
        return
    st.session_state[_DONE] = True
    selection.drop(SNAPSHOT, LAYER, CHANNEL, CELL, IMAGE)
    selection.put(RUN, run.id)
    st.rerun()
