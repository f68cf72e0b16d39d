"""Maps of features, against numpy's decomposition and scikit-learn called directly."""

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import manifold
from sklearn.decomposition import PCA

from cnnviz.diagnosis import embedding, embedding_words
from cnnviz.diagnosis.embedding import METHODS, embed, nearest, neighbours, same_class, some
from cnnviz.errors import CnnvizError, NotFound
from cnnviz.progress import Progress

pytestmark = pytest.mark.slow

LABELS = (np.arange(90) % 3).astype(np.int64)


def cloud(width: int = 12) -> NDArray[np.float32]:
    """Three groups of 30 in so many dimensions."""
    random = np.random.default_rng(2)
    middles = random.normal(0, 4, (3, width))
    spread = np.linspace(2, 0.2, width)
    return (middles[LABELS] + random.normal(0, 1, (90, width)) * spread).astype(np.float32)


@pytest.mark.parametrize("width", [2, 12, 300])
def test_pca_is_what_a_decomposition_gives(width: int) -> None:
    features = cloud(width)
    found = embed(features, method="pca", labels=LABELS)
    centred = features.astype(np.float64) - features.mean(0, dtype=np.float64)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * values[:2]
    signs = np.sign((found.points * expected).sum(0))
    assert found.points * signs == pytest.approx(expected, abs=1e-3)
    assert found.explained == pytest.approx((values**2 / (values**2).sum())[:2], abs=1e-5)
    assert (found.width, found.neighbours, found.judged) == (width, 10, 90)
    assert found.points.dtype == np.float32


def test_a_wide_layer_has_the_same_components(monkeypatch: pytest.MonkeyPatch) -> None:
    features = cloud(40)
    exact = embed(features, method="pca")
    monkeypatch.setattr(embedding, "_NARROW", 20)  # the way for many features and many images
    assert embed(features, method="pca").points == pytest.approx(exact.points, abs=1e-3)


def test_one_feature_makes_a_line() -> None:
    found = embed(cloud(1), method="pca")
    assert not found.points[:, 1].any()
    assert found.explained == (1.0, 0.0)


def test_tsne_is_scikit_learns_and_the_same_for_the_same_seed() -> None:
    features = cloud()
    told: list[Progress] = []
    first = embed(
        features,
        method="tsne",
        labels=LABELS,
        options={"perplexity": 10},
        report=told.append,
    )
    assert np.array_equal(
        first.points, embed(features, method="tsne", options={"perplexity": 10}, seed=0).points
    )
    other = embed(features, method="tsne", options={"perplexity": 10}, seed=3)
    assert first.explained is None
    assert other.seed == 3
    assert first.same_on_map == 1.0  # far apart groups stay groups
    assert [step.share for step in told] == sorted(step.share for step in told)
    assert Progress(0.1 + 0.8 * 500 / 1000, "t-SNE, step 500 of 1,000") in told
    components = PCA(12, svd_solver="full").fit_transform(features.astype(np.float64)).astype(np.float32)
    theirs = manifold.TSNE(2, perplexity=10, init="pca", random_state=0).fit_transform(components)
    trust = manifold.trustworthiness(features, theirs, n_neighbors=10)
    assert first.trust == pytest.approx(trust, abs=0.02)


def test_tsne_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    embed(cloud()[:20], method="tsne")
    assert capsys.readouterr() == ("", "")


def test_trust_and_neighbours_are_those_of_others() -> None:
    features = cloud()
    labels = np.where(
        np.arange(90) % 4 == 0, (LABELS + 1) % 3, LABELS
    )  # or all neighbours would be of one class
    found = embed(features, method="pca", labels=labels)
    assert found.same_in_features != found.same_on_map
    assert found.trust == pytest.approx(
        manifold.trustworthiness(features, found.points, n_neighbors=10), abs=1e-9
    )
    for places, said in ((features, found.same_in_features), (found.points, found.same_on_map)):
        far = np.linalg.norm(places[:, None] - places[None], axis=2)
        np.fill_diagonal(far, np.inf)
        order = far.argsort(1)[:, :10]
        assert said == pytest.approx((labels[order] == labels[:, None]).mean())
    assert nearest(features, 1)[:, 0].tolist() == [
        int(np.argsort(np.linalg.norm(features - one, axis=1))[1]) for one in features
    ]
    shuffled = np.random.default_rng(0).permutation(found.points)
    assert manifold.trustworthiness(features, shuffled, n_neighbors=10) == pytest.approx(0.5, abs=0.1)
    assert same_class(found.points, np.zeros(90, int), 5) == 1.0


def test_many_images_are_judged_by_some_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_JUDGED", 50)
    features = cloud()
    found = embed(features, method="pca", seed=1)
    sample = some(90, 1)
    assert found.judged == len(set(sample.tolist())) == 50
    assert found.trust == pytest.approx(
        manifold.trustworthiness(features[sample], found.points[sample], n_neighbors=10)
    )
    assert "50 of the images" in embedding_words.trust(found)


def test_few_images_have_smaller_options_and_fewer_neighbours() -> None:
    found = embed(cloud()[:9], method="tsne", options={"perplexity": 50})
    assert found.options == {"perplexity": 2}
    assert (neighbours(5), neighbours(9), neighbours(21), neighbours(2000)) == (2, 4, 10, 10)
    assert METHODS["tsne"].options["perplexity"].possible(60) == (5, 10)
    assert METHODS["tsne"].options["perplexity"].possible(9) == (2,)
    with pytest.raises(CnnvizError, match="5 images or more"):
        embed(cloud()[:4], method="pca")


def test_what_can_not_be_is_said() -> None:
    with pytest.raises(NotFound):
        embed(cloud(), method="isomap")
    with pytest.raises(CnnvizError, match="the same features"):
        embed(np.ones((20, 3), np.float32), method="pca")
    if METHODS["umap"].missing:
        with pytest.raises(CnnvizError, match="needs the package umap-learn"):
            embed(cloud(), method="umap")


def test_umap_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "umap.py").write_text(
        "class UMAP:\n"
        "    def __init__(self, **options): self.options = options\n"
        "    def fit_transform(self, rows):\n"
        "        assert self.options == dict(n_neighbors=7, n_components=2, random_state=4, n_jobs=1)\n"
        "        return rows[:, :2]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "umap", raising=False)
    assert METHODS["umap"].missing is None
    found = embed(cloud(), method="umap", options={"neighbours": 7}, seed=4)
    assert found.points == pytest.approx(embed(cloud(), method="pca").points, abs=1e-3)
    sys.modules.pop("umap")  # monkeypatch would put it back


def test_every_method_says_what_it_shows() -> None:
    for method in METHODS.values():
        assert method.shows.endswith(".")
        assert method.misleads.endswith(".")
        assert method.paper
