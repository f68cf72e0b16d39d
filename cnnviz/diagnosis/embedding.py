"""Features of many images laid out in a plane: ways to do it, and how far such a map can be trusted."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnviz.diagnosis.embedding_progress import iterations
from cnnviz.errors import CnnvizError
from cnnviz.progress import Progress, Report, silent
from cnnviz.registry import Method, entry

NEIGHBOURS = 10
"""Nearest images that a map is judged by."""
LEAST = 5
"""Images that make a map."""
_JUDGED = 2_000
"""Images that a map is judged by at the most: the time grows with their square."""
_BEFORE = 50
"""Principal components that t-SNE and UMAP begin with."""
_STEPS = 1_000
_NARROW = 1_024
"""Features or images of which all components are found in no time."""
_UMAP = "umap"
_NO_AXES = ("The axes have no meaning", "")

Features = NDArray[np.float32]


@dataclass(frozen=True)
class Option:
    """A number that a method takes."""

    title: str
    default: int
    choices: tuple[int, ...]
    below: Callable[[int], float]
    """The largest value that makes sense for so many images."""

    def possible(self, count: int) -> tuple[int, ...]:
        """The choices for so many images; the largest possible value where all are too large."""
        most = max(2, int(self.below(count)))
        return tuple(one for one in self.choices if one <= most) or (most,)

    def fitting(self, value: int, count: int) -> int:
        """`value`, or what comes next to it for so many images."""
        return max(2, min(value, int(self.below(count))))


@dataclass(frozen=True)
class EmbeddingMethod(Method):
    """A way to lay features out in a plane."""

    options: Mapping[str, Option]
    quick: bool
    """A second or two, whatever the number of images."""
    lay: Callable[..., tuple[Features, tuple[float, float] | None]]
    """Points (N, 2), and the shares of the variance that the axes explain where that means something."""
    axes: tuple[str, str]
    needs: str | None = None
    """A module that it needs, of the package that `package` names."""
    package: str = ""

    @property
    def missing(self) -> str | None:
        """Why it can't be had here; None if it can."""
        if self.needs is None or importlib.util.find_spec(self.needs) is not None:
            return None
        return f"{self.title} needs the package {self.package}, which is not installed: add it to the environment."


@dataclass(frozen=True, eq=False)
class Embedding:
    """A map of N images."""

    method: str
    """Its name in METHODS."""
    options: Mapping[str, int]
    seed: int
    points: Features
    """Places: float32, (N, 2)."""
    axes: tuple[str, str]
    """What they are, in words."""
    explained: tuple[float, float] | None
    """Share of the features' variance along each axis, 0 to 1; None where axes have no meaning."""
    width: int
    """Number of features of an image."""
    neighbours: int
    """Nearest images that the next figures look at."""
    judged: int
    """Images that they are of: a sample, where there are many."""
    trust: float
    """Trustworthiness, 0 to 1: less where images are neighbours on the map that are none by features. About 0.5 by
    chance."""
    same_in_features: float | None
    """Share of an image's nearest by features that are of its class, mean; None without labels."""
    same_on_map: float | None
    """The same by places on the map."""


def embed(
    features: Features,
    *,
    method: str,
    labels: NDArray[np.integer] | None = None,
    seed: int = 0,
    options: Mapping[str, int] | None = None,
    report: Report = silent,
) -> Embedding:
    """The map of `features` (N, C). `report` hears how far it is.

    Options that are too large for so few images are made smaller. Raises NotFound for a method that is none, and
    CnnvizError for one that is not installed, too few images, or features that are all the same.
    """
    entry("method", method, METHODS)
    how = METHODS[method]
    if how.missing:
        raise CnnvizError(how.missing)
    count = len(features)
    if count < LEAST:
        raise CnnvizError(f"A map needs {LEAST} images or more: choose more of them.")
    if not np.ptp(features, axis=0).any():
        raise CnnvizError("All these images have the same features in this layer: choose another layer.")
    given = options or {}
    taken = {
        name: option.fitting(given.get(name, option.default), count) for name, option in how.options.items()
    }
    report(Progress(0.0, how.title))
    points, explained = how.lay(features, seed=seed, report=report, **taken)
    points = np.ascontiguousarray(points - points.mean(0), np.float32)
    report(Progress(0.95, "How far it can be trusted"))
    sample = some(count, seed)
    near = neighbours(len(sample))
    return Embedding(
        method=method,
        options=taken,
        seed=seed,
        points=points,
        axes=how.axes,
        explained=explained,
        width=features.shape[1],
        neighbours=near,
        judged=len(sample),
        trust=trustworthiness(features[sample], points[sample], near),
        same_in_features=None if labels is None else same_class(features[sample], labels[sample], near),
        same_on_map=None if labels is None else same_class(points[sample], labels[sample], near),
    )


def some(count: int, seed: int) -> NDArray[np.intp]:
    """Numbers of the images that a map of so many is judged by, rising: all, or as many as that drawn at random."""
    if count <= _JUDGED:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, _JUDGED, replace=False))


def neighbours(count: int) -> int:
    """How many neighbours so many images are judged by: fewer than half of them, as trustworthiness asks."""
    return max(1, min(NEIGHBOURS, (count - 1) // 2))


def trustworthiness(features: Features, points: Features, near: int) -> float:
    """0 to 1: how much images that are among the `near` nearest on the map are near by features, too.

    Source: Venna and Kaski 2001, Neighborhood preservation in nonlinear projection methods.
    """
    from sklearn import manifold

    return float(manifold.trustworthiness(features, points, n_neighbors=near))


def same_class(places: Features, labels: NDArray[np.integer], near: int) -> float:
    """Mean share of the `near` nearest other images, by Euclidean distance, that are of an image's class."""
    return float((labels[nearest(places, near)] == labels[:, None]).mean())


def nearest(places: Features, near: int) -> NDArray[np.intp]:
    """Numbers of the `near` nearest other ones of each, nearest first: (N, near)."""
    from sklearn.neighbors import NearestNeighbors

    found: NDArray[np.intp] = NearestNeighbors(n_neighbors=near).fit(places).kneighbors(return_distance=False)
    return found


def _components(features: Features, count: int, seed: int) -> tuple[Features, NDArray[np.float64]]:
    """Principal components (N, count) and shares of variance; those that can't be are zero."""
    from sklearn.decomposition import PCA

    there = min(count, *features.shape)
    rows, columns = features.shape
    # All three are exact; sklearn's own choice would be an approximation for wide layers.
    narrow = columns <= min(rows, _NARROW)
    solver = "covariance_eigh" if narrow else "full" if min(rows, columns) <= _NARROW else "arpack"
    fitted = PCA(there, svd_solver=solver, random_state=seed)
    found = np.zeros((len(features), max(2, there)), np.float64)
    found[:, :there] = fitted.fit_transform(features.astype(np.float64))
    shares = np.zeros(max(2, there))
    shares[:there] = fitted.explained_variance_ratio_
    return found.astype(np.float32), shares


def _pca(features: Features, *, seed: int, report: Report) -> tuple[Features, tuple[float, float]]:
    points, shares = _components(features, 2, seed)
    return points, (float(shares[0]), float(shares[1]))


def _tsne(features: Features, *, seed: int, report: Report, perplexity: int) -> tuple[Features, None]:
    from sklearn.manifold import TSNE

    begun, _ = _components(features, _BEFORE, seed)
    report(Progress(0.05, "t-SNE: neighbours"))
    laying = TSNE(
        2, perplexity=perplexity, init="pca", learning_rate="auto", max_iter=_STEPS, random_state=seed, verbose=2
    )  # fmt: skip
    # It has no callback; what it prints says how far it is.
    with iterations(
        lambda done: report(Progress(0.1 + 0.8 * done / _STEPS, f"t-SNE, step {done:,} of {_STEPS:,}"))
    ):
        return laying.fit_transform(begun), None


def _umap(features: Features, *, seed: int, report: Report, neighbours: int) -> tuple[Features, None]:
    module: Any = importlib.import_module(_UMAP)
    begun, _ = _components(features, _BEFORE, seed)
    report(Progress(0.1, "UMAP"))
    laying = module.UMAP(n_neighbors=neighbours, n_components=2, random_state=seed, n_jobs=1)
    return laying.fit_transform(begun), None


METHODS: Mapping[str, EmbeddingMethod] = {
    "pca": EmbeddingMethod(
        title="PCA",
        shows="The two directions in which the features vary most: a straight look, distances are kept as far as two "
        "directions can.",
        misleads="What differs in other directions falls together; the axes say how much variance they show.",
        paper="Pearson 1901, On lines and planes of closest fit to systems of points in space",
        options={},
        quick=True,
        lay=_pca,
        axes=("First principal component", "Second principal component"),
    ),
    "tsne": EmbeddingMethod(
        title="t-SNE",
        shows="Which images are neighbours: each is laid beside those that are nearest by features.",
        misleads="Distances between clusters and their sizes mean nothing, and it makes clusters of noise, too; "
        "compare perplexities.",
        paper="van der Maaten and Hinton 2008, Visualizing data using t-SNE",
        options={"perplexity": Option("Perplexity", 30, (5, 10, 30, 50, 100), lambda count: (count - 1) / 3)},
        quick=False,
        lay=_tsne,
        axes=_NO_AXES,
    ),
    "umap": EmbeddingMethod(
        title="UMAP",
        shows="Which images are neighbours, with a little more of how groups lie to each other than t-SNE.",
        misleads="Distances between clusters mean little, their sizes nothing; few neighbours tear groups apart.",
        paper="McInnes, Healy and Melville 2018, UMAP: uniform manifold approximation and projection",
        options={"neighbours": Option("Neighbours", 15, (5, 15, 30, 50), lambda count: count - 1)},
        quick=False,
        lay=_umap,
        axes=_NO_AXES,
        needs=_UMAP,
        package="umap-learn",
    ),
}
"""Ways to make a map: page and command line offer these."""
