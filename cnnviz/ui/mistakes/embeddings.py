"""Maps of images by a layer's features, as pages ask for them: stored beside the run, made where they are not."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit import runtime

from cnnviz import workspace
from cnnviz.artifact import StoredArtifact
from cnnviz.data.identity import identity
from cnnviz.diagnosis.embedding import METHODS, Embedding, embed
from cnnviz.diagnosis.embedding_file import EMBEDDING, FEATURES, ImageFeatures
from cnnviz.progress import Progress, Work, within
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


@dataclass(frozen=True, eq=False)
class EmbeddingRequest:
    """A map of some images of a split."""

    network: SelectedNetwork
    split: str
    layer: str
    numbers: NDArray[np.int64]
    """Of the images, rising."""
    labels: NDArray[np.int64]
    method: str
    options: Mapping[str, int]

    @property
    def features(self) -> StoredArtifact[ImageFeatures]:
        """Where the features are stored: of these weights, this layer, these images and their labels."""
        name = f"features {self.split} {self.layer} {len(self.numbers)}"
        images = hashlib.sha256(self.numbers.tobytes() + self.labels.tobytes()).hexdigest()[:16]
        data = identity(self.network.card.data)
        mark = f"{_FORMAT} {networks.digest(self.network.stamp)} {data} {images} {name}"
        return StoredArtifact(self._file(name), mark, FEATURES)

    @property
    def embedding(self) -> StoredArtifact[Embedding]:
        """Where the map is stored."""
        features = self.features
        options = json.dumps(dict(self.options), sort_keys=True)
        name = f"features {self.split} {self.layer} {len(self.numbers)} {self.method} {options} {SEED}"
        return StoredArtifact(self._file(name), f"{features.mark} {name}", EMBEDDING)

    def _file(self, name: str) -> Path:
        return workspace.embedding_file(self.network.run.id, self.network.snapshot, name)

    def compute_features(self, images: NDArray[np.uint8]) -> Work[ImageFeatures]:
        """What the layer makes of the images. Raises CnnvizError."""
        from cnnviz.explore.features import features

        model, card = networks.network(self.network.stamp)
        found = yield from features(model, card, images, layer=self.layer, numbers=self.numbers)
        return ImageFeatures(found, self.numbers, self.labels)

    def compute(self, images: NDArray[np.uint8]) -> Work[Embedding]:
        """The map, made here: for methods that are quick. Raises CnnvizError."""
        found = yield from within(self.features.obtain(lambda: self.compute_features(images)), 0.0, _FEATURES)
        title = METHODS[self.method].title
        yield Progress(_FEATURES, title)
        return embed(found.features, method=self.method, labels=found.labels, seed=SEED, options=self.options)


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
def nearest(mark: str, number: int, near: int, _features: NDArray[np.float32]) -> NDArray[np.intp]:
    """Numbers of the images that are nearest to one by features, itself first."""
    far = np.linalg.norm(_features - _features[number], axis=1)
    far[number] = -1
    return np.argsort(far, kind="stable")[:near]


@st.cache_resource(max_entries=4, show_spinner=False)
def _sheets(of: str, numbers: NDArray[np.int64], _images: NDArray[np.uint8]) -> Sheets:
    return sheets(_images[numbers])
