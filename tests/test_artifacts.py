"""Every kind of result comes back as it was stored, and for its own inputs alone; nothing that happens tears a file."""

import errno
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnviz import atomic
from cnnviz.artifact import Artifact, HeldArtifact, Shelf, StoredArtifact
from cnnviz.codecs import same_inputs
from cnnviz.data.identity import identity
from cnnviz.diagnosis.embedding import Embedding
from cnnviz.diagnosis.embedding_file import EMBEDDING, FEATURES, ImageFeatures
from cnnviz.errors import StorageError
from cnnviz.explore import predictions
from cnnviz.explore.channels.excitation import Excitation
from cnnviz.explore.predictions import HalfPrecision, Predictions
from cnnviz.explore.robustness import curve
from cnnviz.explore.robustness.curve import Curve
from cnnviz.explore.statistics import profile
from cnnviz.explore.statistics.profile import LayerStatistics, Profile
from cnnviz.index import store
from cnnviz.progress import Progress, Work, finish
from cnnviz.workspace import ROOT
from tests.conftest import write_data

Random = np.random.Generator


def floats(random: Random, *shape: int) -> np.ndarray:
    return random.normal(size=shape).astype(np.float32)


def a_profile(random: Random) -> Profile:
    layer = LayerStatistics(
        "conv1", "Conv2d", (4, 8, 8), True, 4, 0.1 + 0.2, None, 0.0, float(random.random()), 1e-300, None, None,
        0.5, 0.01, 7, None,
    )  # fmt: skip
    return Profile("tiny", 500, 8, None, 0.25, 3, 8, (layer,) * int(random.integers(1, 4)), ("lstm",))


def a_curve(random: Random) -> Curve:
    values = tuple(random.random(5).tolist())
    return Curve("rotation", (-1.0, 0.0, 1.0, 2.0, 3.0), values, values, values, 500, 4, "tiny", 3, 0)


def some_predictions(random: Random) -> Predictions:
    shares = np.exp(random.normal(size=(9, 4)))
    shares = (shares / shares.sum(1, keepdims=True)).astype(np.float32)
    return Predictions(np.arange(9), random.integers(0, 4, 9), shares)


def an_embedding(random: Random) -> Embedding:
    return Embedding(
        "tsne", {"perplexity": 30}, 0, floats(random, 9, 2), ("x", "y"), (0.5, 0.25), 12, 4, 9, 0.9, None, 0.7
    )


def some_features(random: Random) -> ImageFeatures:
    return ImageFeatures(floats(random, 9, 3), np.arange(9), random.integers(0, 4, 9))


def an_index(random: Random) -> store.Index:
    shapes = {field.name: (3, 4) for field in fields(Excitation)}
    one = Excitation(**{name: floats(random, *shape) for name, shape in shapes.items()} | {"width": 5})  # type: ignore[arg-type]
    return store.Index(60, {"conv1": one, "act1": one})


@dataclass(frozen=True)
class Kind:
    codec: Any
    make: Callable[[Random], Any]


KINDS = {
    "statistics": Kind(profile.CODEC, a_profile),
    "robustness": Kind(curve.CODEC, a_curve),
    "predictions": Kind(predictions.CODEC, some_predictions),
    "shipped predictions": Kind(HalfPrecision(), some_predictions),
    "embedding": Kind(EMBEDDING, an_embedding),
    "features": Kind(FEATURES, some_features),
    "index": Kind(store.CODEC, an_index),
}
"""All that is stored."""
MARK = "0123abcd tiny@99 500-all"


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def artifact(kind: Kind, tmp_path: Path) -> StoredArtifact[Any]:
    return StoredArtifact(tmp_path / "index" / "result", MARK, kind.codec)


def plain(value: Any) -> Any:
    """For comparison."""
    if isinstance(value, store.Index):
        return value.images, {name: plain(one) for name, one in value.layers.items()}
    return {
        name: np.asarray(one).tolist() if isinstance(one, np.ndarray) else one
        for name, one in vars(value).items()
    }


def same(found: Any, result: Any) -> bool:
    if isinstance(result, Predictions):  # shipped ones are rounded
        return bool(np.allclose(found.probabilities, result.probabilities, atol=1e-3))
    return bool(plain(found) == plain(result))


def test_it_comes_back_as_it_was(artifact: StoredArtifact[Any], kind: Kind) -> None:
    assert artifact.load() is None
    for seed in range(3):
        result = kind.make(np.random.default_rng(seed))
        artifact.save(result)
        found = artifact.load()
        assert same(found, result)
        if not isinstance(kind.codec, HalfPrecision):
            assert plain(found) == plain(result)
    assert [path.name for path in artifact.path.parent.iterdir()] == ["result"]


@pytest.mark.parametrize(
    "other", ["0123abce tiny@99 500-all", "0123abcd tiny@98 500-all", "0123abcd tiny@99", ""]
)
def test_of_other_inputs_it_is_none(artifact: StoredArtifact[Any], kind: Kind, other: str) -> None:
    artifact.save(kind.make(np.random.default_rng(0)))
    assert StoredArtifact(artifact.path, other, kind.codec).load() is None
    assert StoredArtifact(artifact.path, MARK, kind.codec).load() is not None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_none_and_never_an_error(
    artifact: StoredArtifact[Any], kind: Kind, data: st.DataObject
) -> None:
    result = kind.make(np.random.default_rng(0))
    whole = bytes(kind.codec.encode(result, MARK))
    end = data.draw(st.integers(0, len(whole) - 1))
    torn = whole[:end] + data.draw(st.binary(max_size=40))
    artifact.path.parent.mkdir(exist_ok=True)
    artifact.path.write_bytes(torn if torn != whole else whole[:-1])
    found = artifact.load()
    # What is left out at a zip's end may be made up for: then all of it is there.
    assert found is None or (len(torn) >= len(whole) - 30 and same(found, result))
    artifact.path.write_bytes(data.draw(st.binary(max_size=200)))
    assert artifact.load() is None
    for wrong in ([], 7, None, {"of": MARK}, {"of": 3, "version": "statistics 1"}):
        artifact.path.write_text(json.dumps(wrong))
        assert artifact.load() is None


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EDQUOT, errno.EACCES])
def test_what_can_not_be_written_is_one_line_and_nothing_is_torn(
    artifact: StoredArtifact[Any], kind: Kind, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    artifact.save(kind.make(np.random.default_rng(0)))
    before = artifact.path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(fault, "it failed")

    monkeypatch.setattr(atomic.Path, "replace", fail)
    with pytest.raises(StorageError) as raised:
        artifact.save(kind.make(np.random.default_rng(1)))
    assert len(str(raised.value).splitlines()) == 1
    assert ("The disk is full: make room" in str(raised.value)) == (fault != errno.EACCES)
    assert artifact.path.read_bytes() == before
    assert [path.name for path in artifact.path.parent.iterdir()] == ["result"]


def test_a_run_that_was_deleted_is_not_made_again(kind: Kind, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        StoredArtifact(tmp_path / "gone" / "index" / "result", MARK, kind.codec).save(
            kind.make(np.random.default_rng(0))
        )
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("where", ["disk", "memory"])
def test_it_is_computed_once(where: str, tmp_path: Path) -> None:
    one: Artifact[Curve] = (
        StoredArtifact(tmp_path / "curve", MARK, curve.CODEC)
        if where == "disk"
        else HeldArtifact(Shelf(2), "curve")
    )
    result, turns = a_curve(np.random.default_rng(0)), []

    def compute() -> Work[Curve]:
        turns.append(1)
        yield Progress(0.5, "half")
        return result

    heard: list[Progress] = []
    assert finish(one.obtain(compute), heard.append) == result
    assert finish(one.obtain(compute), heard.append) == result
    assert (heard, turns) == ([Progress(0.5, "half")], [1])
    stopped = one.obtain(compute)
    stopped.close()
    assert one.load() == result


def test_a_shelf_lets_go_of_what_was_longest_not_looked_at() -> None:
    shelf = Shelf(2)
    first, second, third = (HeldArtifact[int](shelf, key) for key in "abc")
    first.save(1)
    second.save(2)
    assert first.load() == 1
    third.save(3)
    assert (first.load(), second.load(), third.load()) == (1, None, 3)


@pytest.mark.parametrize(
    ("now", "same"),
    [("w pets@1 x", True), ("w pets@2 x", False), ("w pets@ x", True), ("w pets x", False), ("w dogs@ x", False),
     ("w pets@1", False), ("w pets@1 x y", False)],
)  # fmt: skip
def test_a_data_set_that_is_not_here_is_taken_for_what_it_was(now: str, same: bool) -> None:
    assert same_inputs("w pets@1 x", now) == same


def test_a_data_set_imported_anew_is_another_one(bench: Any) -> None:
    folder = bench.data / "pets"
    assert identity("pets") == "pets@"
    write_data(folder)
    first = identity("pets")
    folder.rename(bench.data / "elsewhere")
    assert identity("pets") == "pets@"
    write_data(folder)
    assert identity("pets") == first  # the same contents
    labels = np.load(folder / "test_labels.npy")
    np.save(folder / "test_labels.npy", labels[::-1])
    assert identity("pets") not in (first, "pets@")
    assert identity("cifar10") == "cifar10"
    assert identity("") == ""


SHIPPED = [
    path
    for path in sorted(ROOT.glob("checkpoints/*/index/*.*"))
    if path.name.startswith(("predictions", "robustness", "statistics"))
]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.parent.name} {path.stem}")
def test_shipped_results_are_read_and_written_as_they_are(path: Path, tmp_path: Path) -> None:
    if path.name.startswith("predictions"):
        with np.load(path) as stored:
            found = StoredArtifact(path, str(stored["of"]), predictions.CODEC).load()
        assert found is not None
        assert len(found) == 10_000
        return
    codec: Any = profile.CODEC if path.name.startswith("statistics") else curve.CODEC
    mark = json.loads(path.read_text())["of"]
    again = StoredArtifact(tmp_path / "again", mark, codec)
    again.save(StoredArtifact(path, mark, codec).load())
    assert again.path.read_bytes() == path.read_bytes()
