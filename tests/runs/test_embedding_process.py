"""Maps made in a process of their own, which is stopped, fails, or goes on while nobody looks."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnviz.artifact import StoredArtifact
from cnnviz.diagnosis import embedding_process as process
from cnnviz.diagnosis.embedding import Embedding
from cnnviz.diagnosis.embedding_file import EMBEDDING, FEATURES, ImageFeatures
from cnnviz.runs import lease
from cnnviz.runs.process import STOPPED

pytestmark = pytest.mark.slow


@pytest.fixture
def target(bench: Any, quick: None) -> StoredArtifact[Embedding]:
    """Where a map is to be stored, in the folder of a run."""
    folder = bench.checkpoints / "some-run" / "index"
    folder.mkdir(parents=True)
    return StoredArtifact(folder / "embedding-map.npz", "map", EMBEDDING)


def features(target: StoredArtifact[Embedding], count: int = 90) -> StoredArtifact[ImageFeatures]:
    random = np.random.default_rng(2)
    labels = (np.arange(count) % 3).astype(np.int64)
    values = random.normal(0, 4, (3, 12))[labels] + random.normal(0, 1, (count, 12))
    artifact = StoredArtifact(target.path.with_name("features.npz"), "features", FEATURES)
    artifact.save(ImageFeatures(values.astype(np.float32), np.arange(count), labels))
    return artifact


def started(
    target: StoredArtifact[Embedding], source: StoredArtifact[ImageFeatures] | None = None, **changes: Any
) -> None:
    how = {"method": "tsne", "options": {"perplexity": 5}, "seed": 1} | changes
    assert process.start(source or features(target), target, **how).active


def ended(target: StoredArtifact[Embedding], watch: Any) -> Any:
    now = watch.all(lambda: (now := process.state(target)) and not now.active and now)
    watch.all(lambda: not lease.held(process.folder(target) / "lease"))
    return now


def test_it_makes_the_same_map_as_a_call(target: StoredArtifact[Embedding], watch: Any) -> None:
    assert process.state(target) is None
    started(target)
    assert ended(target, watch).state == "finished"
    found = target.load()
    assert found is not None
    assert found.same_on_map is not None
    code = (
        "import sys, numpy as np\n"
        "from cnnviz.diagnosis.embedding import embed\n"
        "rows = np.load(sys.argv[1])['features']\n"
        "np.save(sys.argv[2], embed(rows, method='tsne', options={'perplexity': 5}, seed=1).points)"
    )
    again = target.path.with_name("again.npy")
    source = str(target.path.with_name("features.npz"))
    subprocess.run([sys.executable, "-c", code, source, str(again)], check=True)
    assert np.array_equal(np.load(again), found.points)


def test_stopped_it_stores_nothing_and_leaves_no_process(
    target: StoredArtifact[Embedding], watch: Any
) -> None:
    started(target, features(target, 2000), options={})
    watch.all(lambda: "step" in process.state(target).reason)
    assert process.start(
        features(target, 2000), target, method="tsne", options={}, seed=1
    ).active  # not twice
    holder = lease.holder(process.folder(target) / "lease")
    process.stop(target)
    now = ended(target, watch)
    assert (now.state, now.reason) == ("stopped", STOPPED)
    watch.all(lambda: not Path(f"/proc/{holder}").exists())
    assert target.load() is None
    assert not target.path.exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"method": "isomap"}, "'isomap'"), ({"source": None}, "were removed meanwhile")],
)
def test_its_failure_is_one_line(
    target: StoredArtifact[Embedding], watch: Any, changes: dict[str, Any], reason: str
) -> None:
    if "source" in changes:
        changes = {"source": StoredArtifact(features(target).path, "others", FEATURES)}
    started(target, **changes)
    now = ended(target, watch)
    assert now.state == "failed"
    assert reason in now.reason
    assert len(now.reason.splitlines()) == 1
    assert not target.path.exists()


def test_on_a_full_disk_it_says_so_and_nothing_is_torn(target: StoredArtifact[Embedding], watch: Any) -> None:
    source = features(target)
    watch.fault(
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "import cnnviz.codecs as m; plain = m.Npz.encode\n"
        "m.Npz.encode = lambda *a: (resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900)), plain(*a))[1]\n"
    )
    started(target, source, method="pca", options={})
    now = ended(target, watch)
    assert (now.state, now.reason) == (
        "failed", "The disk is full: make room for embedding-map.npz, then try again."
    )  # fmt: skip
    assert not target.path.exists()
    assert not list(target.path.parent.rglob(".*.new"))
