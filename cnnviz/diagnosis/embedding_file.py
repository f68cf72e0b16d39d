"""Features of many images, and maps of them, as files."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.codecs import Npz
from cnnviz.diagnosis.embedding import Embedding, Features


@dataclass(frozen=True, eq=False)
class ImageFeatures:
    """Features of N images."""

    features: Features
    """float32, (N, C)."""
    numbers: NDArray[np.int64]
    labels: NDArray[np.int64]


FEATURES = Npz(ImageFeatures)
EMBEDDING = Npz(Embedding)


def about(found: Embedding) -> dict[str, Any]:
    """All of a map but its points, for JSON."""
    return EMBEDDING.about(found)


def archive(features: ImageFeatures, found: Embedding) -> bytes:
    """A .npz of features, points, numbers and labels of the images."""
    content = io.BytesIO()
    np.savez_compressed(content, **EMBEDDING.arrays(found), **FEATURES.arrays(features))
    return content.getvalue()
