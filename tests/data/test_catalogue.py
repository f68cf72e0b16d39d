"""Data sets are found, made on first use, made once, and missed with a remedy."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from cnnviz.data import catalogue, prepared, shapes
from cnnviz.data.download import ARCHIVES
from cnnviz.errors import DataError, NotFound
from cnnviz.progress import Progress, Work, finish
from cnnviz.workspace import ROOT


@pytest.fixture
def few_shapes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts drawn so far; at most 60 pictures are drawn at once."""
    drawn: list[int] = []
    whole = shapes.draw

    def draw(count: int, seed: int) -> Work[tuple[np.ndarray, np.ndarray]]:
        drawn.append(count)
        return whole(min(count, 60), seed)

    monkeypatch.setattr(shapes, "draw", draw)
    return drawn


def _cifar10(root: Path) -> None:
    random = np.random.default_rng(0)
    prepared.write(
        root / "cifar10",
        name="cifar10",
        classes=[f"class {number}" for number in range(10)],
        source="random",
        train_images=random.integers(0, 256, (6000, 2, 2, 3), dtype=np.uint8),
        train_labels=np.arange(6000) % 10,
        test_images=random.integers(0, 256, (20, 2, 2, 3), dtype=np.uint8),
        test_labels=np.arange(20) % 10,
    )


def test_an_empty_bench_offers_what_it_can_make(root: Path) -> None:
    made = [name for name, entry in catalogue.entries().items() if entry.offline and not entry.made_from]
    assert made
    assert catalogue.available() == made
    root.rmdir()
    assert catalogue.available() == made


def test_entries_keep_their_word(root: Path) -> None:
    for name, entry in catalogue.entries().items():
        assert entry.name == name
        assert entry.summary
        assert "\n" not in entry.summary
        assert (entry.download_mb > 0) == bool(not entry.offline or entry.made_from)
        assert entry.made_from in {None, *catalogue.entries()}


def test_digits_are_made_on_first_use_and_only_then(root: Path) -> None:
    dataset = catalogue.load("digits")
    entry = catalogue.entries()["digits"]
    assert dataset.image_shape == entry.shape
    assert (len(dataset.train_labels), len(dataset.test_labels)) == (entry.train, entry.test)
    assert np.bincount(dataset.test_labels).min() >= 34
    assert dataset.train_images.max() == 255
    made = (root / "digits" / "train_images.npy").stat().st_mtime_ns
    assert catalogue.load("digits").name == "digits"
    assert (root / "digits" / "train_images.npy").stat().st_mtime_ns == made
    from sklearn.datasets import load_digits
    from sklearn.neighbors import KNeighborsClassifier

    flat = dataset.train_images.reshape(entry.train, -1).astype(np.float32)
    model = KNeighborsClassifier(3).fit(flat, dataset.train_labels)
    assert model.score(dataset.test_images.reshape(entry.test, -1), dataset.test_labels) > 0.97
    # No image is lost or doubled on the way into the two splits.
    counts = np.bincount(np.concatenate([dataset.train_labels, dataset.test_labels]))
    np.testing.assert_array_equal(counts, np.bincount(load_digits().target))


def test_shapes_are_made_on_first_use(root: Path, few_shapes: list[int]) -> None:
    told: list[Progress] = []
    dataset = finish(catalogue.loading("shapes"), told.append)
    assert few_shapes == [10_000, 2_000]
    assert dataset.classes == shapes.CLASSES
    assert told[-1] == Progress(1.0, "Shapes is ready.")
    assert (dataset.train_images[:10] != dataset.test_images[:10]).any()


def test_tiny_cifar10_needs_cifar10(root: Path) -> None:
    with pytest.raises(DataError, match="'cifar10' is not here yet"):
        catalogue.load("tiny-cifar10")
    assert "tiny-cifar10" not in catalogue.available()
    _cifar10(root)
    assert catalogue.available() == ["shapes", "digits", "tiny-cifar10", "cifar10"]
    tiny = catalogue.load("tiny-cifar10")
    assert np.bincount(tiny.train_labels).tolist() == [500] * 10
    assert len(tiny.test_labels) == 20


@pytest.mark.slow
@pytest.mark.realdata
def test_tiny_cifar10_is_part_of_the_real_one(root: Path, real_data: Path) -> None:
    (root / "cifar10").symlink_to(real_data / "cifar10")
    tiny, whole = catalogue.load("tiny-cifar10"), catalogue.load("cifar10")
    known = {
        image.tobytes(): label for image, label in zip(whole.train_images, whole.train_labels, strict=True)
    }
    assert all(
        known[image.tobytes()] == label
        for image, label in zip(tiny.train_images, tiny.train_labels, strict=True)
    )
    assert tiny.image_shape == catalogue.entries()["tiny-cifar10"].shape


@pytest.mark.parametrize("name", ARCHIVES)
def test_what_needs_a_download_says_so(root: Path, name: str) -> None:
    with pytest.raises(DataError) as caught:
        catalogue.load(name)
    said = str(caught.value)
    assert f"python -m cnnviz data get {name}" in said
    assert str(root / f"{name}-raw") in said
    assert "\n" not in said


@pytest.mark.parametrize("name", ["shape", "", "../cifar10", "/etc", "a" * 300, "Shapes"])
def test_unknown_names_are_answered_with_near_ones(root: Path, name: str) -> None:
    for ask in (catalogue.load, lambda name: finish(catalogue.prepare(name))):
        with pytest.raises(NotFound, match=r"shapes|cifar10"):
            ask(name)


def test_broken_partial_and_hidden_folders_are_not_offered(root: Path, arrays: dict[str, np.ndarray]) -> None:
    for name in ("mine", "broken", ".hidden", ".mine.0123456789ab.partial", "UPPER"):
        prepared.write(root / name, name=name, classes=["a", "b", "c"], source="", **arrays)
    (root / "broken" / "test_labels.npy").unlink()
    (root / "empty").mkdir()
    (root / "pictures" / "train" / "a").mkdir(parents=True)
    (root / "note.txt").write_text("hello")
    assert catalogue.available() == ["shapes", "digits", "mine"]
    with pytest.raises(DataError, match=r"test_labels\.npy is missing"):
        catalogue.load("broken")
    with pytest.raises(DataError, match="import it"):
        catalogue.load("pictures")


def test_cancelling_leaves_nothing(root: Path, few_shapes: list[int]) -> None:
    def cancel(progress: Progress) -> None:
        if progress.share > 0 or "Drawing" in progress.doing:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finish(catalogue.loading("shapes"), cancel)
    assert [path.name for path in root.iterdir()] == [".shapes.lock"]
    assert len(catalogue.load("shapes").train_labels) == 60


def test_two_processes_at_once_make_one_data_set(root: Path) -> None:
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from cnnviz.data import catalogue, shapes
        whole = shapes.draw
        def draw(count, seed, **options):
            Path(sys.argv[1]).open("a").write("drawn\\n")
            time.sleep(0.3)
            return whole(50, seed, **options)
        shapes.draw = draw
        print("ready", flush=True)
        sys.stdin.readline()
        print(len(catalogue.load("shapes").train_labels))
    """)
    log = root.parent / "log"
    pair = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(log)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in pair:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    said = []
    for process in pair:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in pair:
        said.append(process.communicate(timeout=30)[0])
    assert said == ["50\n", "50\n"]
    assert log.read_text() == "drawn\n" * 2  # training and test images, by one of them
    assert sorted(path.name for path in root.iterdir()) == [".shapes.lock", "shapes"]


def test_what_a_killed_process_left_is_swept(root: Path, few_shapes: list[int]) -> None:
    script = textwrap.dedent("""
        import time
        from cnnviz.data import catalogue, prepared, shapes
        from cnnviz.data.scratch import temporary
        from cnnviz.workspace import dataset_folder
        with temporary(dataset_folder("shapes")) as place:
            (place / "train_images.npy").write_bytes(bytes(1000))
            print("busy", flush=True)
            time.sleep(60)
    """)
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "busy\n"
    process.kill()
    process.wait()
    process.stdout.close()
    left = [path.name for path in root.iterdir()]
    assert len(left) == 1
    assert left[0].startswith(".shapes.")
    other = root / ".shapes.two.0123456789ab.partial"  # another data set's, named shapes.two
    other.mkdir()
    catalogue.load("shapes")
    assert sorted(path.name for path in root.iterdir()) == [".shapes.lock", other.name, "shapes"]


def test_a_source_is_kept_in_the_plain_json(root: Path) -> None:
    catalogue.load("digits")
    about = json.loads((root / "digits" / "dataset.json").read_text())
    assert set(about) == {"name", "classes", "source"}
    assert "scikit-learn" in about["source"]


def test_importing_the_catalogue_loads_no_torch() -> None:
    script = "import sys, cnnviz.data.catalogue, cnnviz.data.importing; print(*sorted(sys.modules))"
    said = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"torch", "torchvision", "streamlit", "sklearn"} & set(said.stdout.split())
