"""The map of the Mistakes page, without a browser."""

import shutil
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnviz import atomic, workspace
from cnnviz.diagnosis.embedding import embed, nearest
from cnnviz.explore.features import features
from cnnviz.models import checkpoint
from cnnviz.runs import lease
from cnnviz.runs.run import Run
from cnnviz.ui.mistakes import embedding_options
from cnnviz.ui.mistakes.embedding_options import COLOURINGS
from cnnviz.ui.widgets.scatter import Box
from tests.pages.test_diagnosis import asked
from tests.pages.test_pages import component, open_page, words
from tests.runs.conftest import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def mapped(finished: Run, tiny_data: str) -> Run:
    """A run whose network was asked about its test images."""
    assert not asked(open_page("diagnosis", run=finished.id)).exception
    return finished


def opened(run: Run, **query: str) -> AppTest:
    app = open_page("diagnosis", run=run.id, view="map", **query)
    assert not app.exception
    assert not app.error
    return app


def data_of(run: Run) -> tuple[np.ndarray, np.ndarray]:
    folder = workspace.dataset_folder("tiny")
    return np.load(folder / "test_images.npy"), np.load(folder / "test_labels.npy")


def expected(run: Run, layer: str = "act1") -> np.ndarray:
    """Features of all test images."""
    model, card = checkpoint.load(run.folder / "snapshots" / "last.safetensors")
    steps = features(model, card, data_of(run)[0], layer=layer, numbers=range(60))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return np.asarray(end.value)


def test_it_opens_on_the_features_before_the_last_layer(mapped: Run) -> None:
    app = opened(mapped)
    drawn = component(app, "map")
    found = embed(expected(mapped), method="pca", labels=data_of(mapped)[1])
    assert drawn["xs"] == pytest.approx(found.points[:, 0], abs=1e-3)
    assert drawn["ys"] == pytest.approx(found.points[:, 1], abs=1e-3)
    assert f"60 test images, 16 features of act1, PCA, {100 * sum(found.explained or ()):.1f} %" in words(app)
    assert f"Trustworthiness {found.trust:.3f}" in words(app)
    with np.load(mapped.folder / "index" / "predictions-last.npz") as kept:
        wrong = kept["probabilities"].argmax(1) != kept["labels"]
    assert (np.array(drawn["shapes"]) == 4).tolist() == wrong.tolist()
    assert f"**Mistakes on the map, surest first**: {wrong.sum()} of 60" in words(app)
    assert [name for name, *_ in drawn["entries"]] == ["one", "two", "three", "four"]
    assert sum(count for *_, count in drawn["entries"]) == 60
    assert len(drawn["sheets"]) == 1
    assert drawn["words"][7].startswith("test image 7\nlabelled ")
    assert app.query_params["features"] == "act1"


@pytest.mark.parametrize("colour", list(COLOURINGS))
@pytest.mark.parametrize("split", ["test", "validation"])
def test_every_colouring_of_both_splits(mapped: Run, colour: str, split: str) -> None:
    if split == "validation":
        asked(open_page("diagnosis", run=mapped.id, split=split))
    app = opened(mapped, colour=colour, split=split)
    drawn = component(app, "map")
    assert len(drawn["xs"]) == (60 if split == "test" else 20)
    assert bool(drawn["scale"]) == (colour == "confidence")
    assert max(drawn["colours"]) < len(drawn["palette"])
    assert f"{split} images, 16 features" in words(app)


def test_a_box_in_the_address_has_its_images_beside(mapped: Run) -> None:
    points = embed(expected(mapped), method="pca").points
    box = Box(-1.0, float(points[:, 0].max()) + 1, float(points[:, 1].min()) - 1, 0.5)
    inside = np.flatnonzero((points[:, 0] >= -1.0) & (points[:, 1] <= 0.5))
    assert 0 < len(inside) < 60
    app = opened(mapped, box=box.name)
    with np.load(mapped.folder / "index" / "predictions-last.npz") as kept:
        labels, guesses = kept["labels"][inside], kept["probabilities"].argmax(1)[inside]
    assert f"**In the box, mistakes first**: {len(inside)} of 60 test images" in words(app)
    assert f"{(labels != guesses).sum()} wrong" in words(app)
    counts = np.bincount(labels)
    first = ["one", "two", "three", "four"][counts.argmax()]
    assert f"{len(inside)} images: {first} ({counts.max()})" in words(app)
    assert component(app, "map")["box"] == pytest.approx([box.left, box.right, box.low, box.high], rel=1e-3)
    app.button(key="clear box").click().run()
    assert "box" not in app.query_params
    assert "Mistakes on the map" in words(app)


def test_a_box_is_given_up_on_another_map(mapped: Run) -> None:
    app = opened(mapped, box="-1,1,-1,1")
    app.selectbox(key="selected features").select("fc1").run()
    assert not app.exception
    assert "box" not in app.query_params
    assert "features of fc1" in words(app)
    for wrong in ("1,2,3", "a,b,c,d", "nan,1,2,3", "inf,1,2,3"):
        assert component(opened(mapped, box=wrong), "map")["box"] is None


def test_a_chosen_image_stands_with_its_nearest(mapped: Run) -> None:
    app = opened(mapped, image="test.7")
    assert component(app, "map")["chosen"] == 7
    assert "**Image 7, and the nearest to it by features**: 12 of 60 test images" in words(app)
    shown = component(app, "pick from test images")["labels"]
    near = nearest(expected(mapped), 11)[7]
    numbers = [int(label.split("image ")[1].split(":")[0]) for label in shown]
    assert numbers == [7, *near.tolist()]
    assert component(opened(mapped, image="test.999"), "map")["chosen"] == -1


def making(run: Run) -> bool:
    """Whether a process is at a map."""
    return any(lease.held(path) for path in (run.folder / "index").glob("embedding-*/lease"))


def test_t_sne_goes_on_when_the_page_is_left_and_is_found_again(mapped: Run, quick: None, watch: Any) -> None:
    watch.fault(
        "import time, cnnviz.diagnosis.embedding as m; plain = m.trustworthiness\n"
        "m.trustworthiness = lambda *a: (time.sleep(4), plain(*a))[1]\n"
    )
    app = opened(mapped, method="tsne", perplexity="5")
    assert not app.get("bidi_component")
    app.button(key="make map").click().run()
    assert not app.exception
    assert not app.error
    assert app.button(key="stop map")
    assert making(mapped)
    assert not open_page("filters", run=mapped.id).exception
    assert making(mapped)
    again = opened(mapped, method="tsne", perplexity="5")
    assert not again.exception
    if making(mapped):
        assert [one for one in again.button if one.key == "stop map"]
        assert not again.get("bidi_component")
    wait_for(lambda: not making(mapped))
    app = opened(mapped, method="tsne", perplexity="5")
    assert "t-SNE, perplexity 5, seed 0" in words(app)
    first = component(app, "map")["xs"]
    again = opened(mapped, method="tsne", perplexity="5")
    assert component(again, "map")["xs"] == first
    assert component(again, "map")["axes"] == ["The axes have no meaning", ""]
    other = opened(mapped, method="tsne", perplexity="10")
    assert other.button(key="make map")


def test_t_sne_can_be_stopped_and_says_why_it_failed(mapped: Run, quick: None, watch: Any) -> None:
    watch.fault("import time, cnnviz.diagnosis.embedding as m; m.some = lambda *_: time.sleep(600)")
    app = opened(mapped, method="tsne", perplexity="5")
    app.button(key="make map").click().run()
    app.button(key="stop map").click().run()
    assert not app.exception
    assert not making(mapped)
    assert not app.warning
    watch.fault("import cnnviz.diagnosis.embedding as m; m.some = lambda *_: [][1]")
    app.button(key="make map").click().run()
    wait_for(lambda: not making(mapped))
    app.run()
    assert "Unexpected IndexError" in app.warning[0].value
    assert app.button(key="make map")


def test_of_other_weights_it_is_made_anew(mapped: Run) -> None:
    before = component(opened(mapped), "map")["xs"]
    shutil.copyfile(
        workspace.snapshot_file(mapped.id, "epoch_0000"), workspace.snapshot_file(mapped.id, "last")
    )
    app = asked(open_page("diagnosis", run=mapped.id, view="map"))
    assert not app.exception
    assert component(app, "map")["xs"] != before


def test_stopped_it_waits_to_be_asked(mapped: Run) -> None:
    app = opened(mapped)
    app.session_state["stopped map"] = app.session_state["map shown"]
    for path in (mapped.folder / "index").glob("embedding-*.npz"):
        path.unlink()
    app.run()
    assert not app.exception
    assert app.button(key="make map").label == "PCA of 60 images"


def test_of_many_images_it_waits_to_be_asked(mapped: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_options, "QUICK", 20)
    app = opened(mapped)
    app.button(key="make map").click().run()
    assert not app.exception
    assert component(app, "map")


def test_without_images_or_the_package_it_says_so(mapped: Run) -> None:
    app = opened(mapped, method="umap")
    assert "UMAP needs the package umap-learn, which is not installed" in words(app)
    shutil.rmtree(workspace.dataset_folder("tiny"))
    assert "are not on this machine" in words(opened(mapped))


def test_a_full_disk_is_one_line(mapped: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "replace", full)
    app = open_page("diagnosis", run=mapped.id, view="map")
    assert not app.exception
    [line] = [one.value for one in app.error]
    assert line.startswith("The disk is full: make room for embedding-last-")
