"""Where the app, data sets and checkpoints live. The only place that makes paths out of names."""

import hashlib
import os
import re
from pathlib import Path

import platformdirs

from cnnviz.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent
PACKAGES = _PACKAGE.parent
"""Where `cnnviz` is imported from: what child processes need on their path."""
INSTALLED = not (PACKAGES / "pages").is_dir()
"""Whether this is an installed package, and no checkout."""
ROOT = _PACKAGE / "bench" if INSTALLED else PACKAGES
"""The folder of `app.py`, its pages and what ships with them."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,95}")


def home() -> Path:
    """The folder of runs and data: `CNNVIZ_HOME`, or a checkout itself, or what this system keeps for each user."""
    own = platformdirs.user_data_path("cnnviz", appauthor=False) if INSTALLED else ROOT
    return _folder("CNNVIZ_HOME", own)


def data_root() -> Path:
    """The folder of prepared data sets: `CNNVIZ_DATA`, or `data/` at home."""
    return _folder("CNNVIZ_DATA", home() / "data")


def checkpoints_root() -> Path:
    """The folder of runs: `CNNVIZ_CHECKPOINTS`, or `checkpoints/` at home."""
    return _folder("CNNVIZ_CHECKPOINTS", home() / "checkpoints")


def records_root() -> Path:
    """The folder of figures kept of the reports' experiments: `CNNVIZ_RECORDS`, or `docs/reproduction/` at home."""
    return _folder("CNNVIZ_RECORDS", home() / "docs" / "reproduction")


def _folder(variable: str, otherwise: Path) -> Path:
    return Path(os.environ.get(variable) or otherwise).expanduser().absolute()


def dataset_folder(name: str) -> Path:
    """The folder of one data set, whether or not it exists.

    Raises ConfigError for a name that could leave the data folder.
    """
    return data_root() / plain_name(name, what="data set")


def run_folder(run_id: str) -> Path:
    """The folder of one run, whether or not it exists.

    Raises ConfigError for a name that could leave the checkpoints folder.
    """
    return checkpoints_root() / plain_name(run_id, what="run")


def studies_root() -> Path:
    """The folder of studies, hidden among those of runs."""
    return checkpoints_root() / ".studies"


def study_folder(study_id: str) -> Path:
    """The folder of one study, whether or not it exists.

    Raises ConfigError for a name that could leave the folder of studies.
    """
    return studies_root() / plain_name(study_id, what="study")


def reports_root() -> Path:
    """The folder of what reports show, hidden among those of runs."""
    return checkpoints_root() / ".reports"


def report_file(report_id: str) -> Path:
    """The file of one report, whether or not it exists.

    Raises ConfigError for a name that could leave the folder of reports.
    """
    return reports_root() / f"{plain_name(report_id, what='report')}.json"


def app_file() -> Path:
    """Where the app that shows these runs says at which port it is, hidden among them."""
    return checkpoints_root() / ".app.json"


def snapshot_file(run_id: str, snapshot: str) -> Path:
    """The weights of one snapshot ("last", "best", "epoch_0000") of a run, whether or not they exist."""
    return run_folder(run_id) / "snapshots" / f"{plain_name(snapshot, what='snapshot')}.safetensors"


def index_folder(run_id: str, snapshot: str) -> Path:
    """Where it is kept what excites the channels of a snapshot's network, whether or not it is."""
    return run_folder(run_id) / "index" / plain_name(snapshot, what="snapshot")


def predictions_file(run_id: str, snapshot: str, split: str = "test") -> Path:
    """Where it is kept what a snapshot says of the images of a split, whether or not it is."""
    name = plain_name(snapshot, what="snapshot") + ("" if split == "test" else f"-{split}")
    return run_folder(run_id) / "index" / f"predictions-{name}.npz"


def statistics_file(run_id: str, snapshot: str, images: str) -> Path:
    """Where it is kept how the layers of a snapshot differ over some images, whether or not it is."""
    name = slug(f"{snapshot}-{images}", fallback="images")
    return run_folder(run_id) / "index" / f"statistics-{name}.json"


def embedding_file(run_id: str, snapshot: str, what: str) -> Path:
    """Where a map of many images by a snapshot's features, or these, are kept, whether or not they are.

    `what` may be any text: equal ones share a file.
    """
    name = hashlib.sha256(what.encode()).hexdigest()[:16]
    return run_folder(run_id) / "index" / f"embedding-{plain_name(snapshot, what='snapshot')}-{name}.npz"


def showcase_file(run_id: str, snapshot: str) -> Path:
    """Where it is stored what a snapshot makes of a built-in picture, whether or not it is."""
    return run_folder(run_id) / "index" / f"showcase-{plain_name(snapshot, what='snapshot')}.npz"


def robustness_file(run_id: str, snapshot: str, measured: str) -> Path:
    """Where it is kept how a snapshot's accuracy falls as images are shaken, whether or not it is."""
    name = slug(f"{snapshot}-{measured}", fallback="curve")
    return run_folder(run_id) / "index" / f"robustness-{name}.json"


def plain_name(name: str, *, what: str) -> str:
    """`name` itself, if it is safe as the name of a folder.

    Raises ConfigError otherwise.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} can't name a {what}: use lower-case letters, digits, dots, dashes and underscores."
        )
    return name


def slug(text: str, *, fallback: str) -> str:
    """`text` (which may come from a user) as a safe folder name."""
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:48].strip("-")
    return words or fallback
