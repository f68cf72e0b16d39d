"""Maps of images by a layer's features, as pages ask for them: kept beside the run, made where they are not."""

import hashlib
import json
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit import runtime

from cnnviz import workspace
from cnnviz.diagnose import embedding_kept
from cnnviz.diagnose.embedding import METHODS, Embedding, embed
from cnnviz.diagnose.embedding_kept import Rows
from cnnviz.errors import DataError
from cnnviz.outcome import retold
from cnnviz.render.sheets import Sheets, sheets
from cnnviz.ui.resources import networks
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.widgets.scatter import Pictures

if TYPE_CHECKING:
    from cnnviz.explore.layers.structure import Layer

SEED = 0
_FORMAT = 1
_FEATURES = 0.6
"""Share of the progress bar that features take where they are not known yet."""
Progress = tuple[float, str]


@dataclass(frozen=True, eq=False)
class Wanted:
    """A map of some images of a split."""

    looked_at: SelectedNetwork
    split: str
    layer: str
    numbers: NDArray[np.int64]
    """Of the images, rising."""
    labels: NDArray[np.int64]
    method: str
    options: Mapping[str, int]

    @property
    def _rows_name(self) -> str:
        return f"features {self.split} {self.layer} {len(self.numbers)}"

    @property
    def _name(self) -> str:
        return f"{self._rows_name} {self.method} {json.dumps(dict(self.options), sort_keys=True)} {SEED}"

    @property
    def _rows_file(self) -> Path:
        return workspace.embedding_file(self.looked_at.run.id, self.looked_at.snapshot, self._rows_name)

    @property
    def _file(self) -> Path:
        return workspace.embedding_file(self.looked_at.run.id, self.looked_at.snapshot, self._name)

    @property
    def _rows_mark(self) -> str:
        """What the features are of: the contents of the snapshot, the layer, the images and their labels."""
        images = hashlib.sha256(self.numbers.tobytes() + self.labels.tobytes()).hexdigest()[:16]
        weights = networks.digest(self.looked_at.stamp)
        return f"{_FORMAT} {weights} {self.looked_at.card.data} {images} {self._rows_name}"

    @property
    def mark(self) -> str:
        """What the map is of: another state of anything has another mark."""
        return f"{self._rows_mark} {self._name}"

    def rows(self) -> Rows | None:
        """The features, if they are kept."""
        return _rows(*_state(self._rows_file), self._rows_mark)

    def kept(self) -> Embedding | None:
        """The map, if it is kept and is of this very state."""
        return _kept(*_state(self._file), self.mark)

    def make(self, images: NDArray[np.uint8]) -> Generator[Progress, None, None]:
        """Make and keep it: yields how far it is (0 to 1), and what is done. Raises CnnvizError."""
        begun = 0.0
        if self.rows() is None:
            begun = _FEATURES
            for share, doing in self._look(images):
                yield begun * share, doing
        for share, doing in self._lay():
            yield begun + (1 - begun) * share, doing

    def _look(self, images: NDArray[np.uint8]) -> Generator[Progress, None, None]:
        from cnnviz.explore.features import features

        count = len(self.numbers)
        steps = features(
            *networks.network(self.looked_at.stamp), images, layer=self.layer, numbers=self.numbers
        )
        found = yield from retold(
            steps, lambda done: (done / count, f"Features of {done:,} of {count:,} {self.split} images")
        )
        try:
            embedding_kept.save_rows(
                self._rows_file, Rows(found, self.numbers, self.labels), of=self._rows_mark
            )
        except OSError as error:
            raise _unkept(error) from None

    def _lay(self) -> Generator[Progress, None, None]:
        rows = self.rows()
        if rows is None:
            raise DataError("The features were removed meanwhile: make the map again.")
        if not METHODS[self.method].quick:
            from cnnviz.diagnose.embedding_process import making

            with closing(
                making(
                    self._rows_file,
                    self._file,
                    rows_of=self._rows_mark,
                    of=self.mark,
                    method=self.method,
                    options=self.options,
                    seed=SEED,
                )
            ) as steps:
                yield from steps
            return
        yield 0.0, METHODS[self.method].title
        found = embed(rows.features, method=self.method, labels=self.labels, seed=SEED, options=self.options)
        try:
            embedding_kept.save(self._file, found, of=self.mark)
        except OSError as error:
            raise _unkept(error) from None


def penultimate(listed: "list[Layer]") -> str:
    """The layer to begin with."""
    from cnnviz.explore.features import penultimate

    return penultimate(listed)


def pictures(images: NDArray[np.uint8], numbers: NDArray[np.int64], of: str) -> Pictures:
    """The images of those numbers, where the browser finds them when it needs them; `of` says which they are."""
    drawn = _sheets(of, numbers, _images=images)
    files = runtime.get_instance().media_file_mgr
    return Pictures(
        tuple(files.add(png, "image/png", f"map {number}") for number, png in enumerate(drawn.pngs)),
        drawn.width,
        drawn.height,
    )


@st.cache_data(max_entries=4, show_spinner=False)
def nearest(mark: str, number: int, near: int, _rows: Rows) -> NDArray[np.intp]:
    """Numbers of the rows that are nearest to a row by features, itself first."""
    far = np.linalg.norm(_rows.features - _rows.features[number], axis=1)
    far[number] = -1
    return np.argsort(far, kind="stable")[:near]


@st.cache_resource(max_entries=4, show_spinner=False)
def _sheets(of: str, numbers: NDArray[np.int64], _images: NDArray[np.uint8]) -> Sheets:
    return sheets(_images[numbers])


@st.cache_resource(max_entries=4, show_spinner=False)
def _rows(path: str, changed: int, inode: int, mark: str) -> Rows | None:
    return embedding_kept.load_rows(Path(path), of=mark)


@st.cache_resource(max_entries=16, show_spinner=False)
def _kept(path: str, changed: int, inode: int, mark: str) -> Embedding | None:
    return embedding_kept.load(Path(path), of=mark)


def _state(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_ino


def _unkept(error: OSError) -> DataError:
    return DataError(f"The map can't be kept ({error.strerror}): make room on the disk.")
