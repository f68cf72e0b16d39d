"""The page on which a picture is shaken, without a browser."""

import base64
import io
import shutil

import numpy as np
import pytest
from PIL import Image

from cnnviz.config import Mlp, RunConfig
from cnnviz.data.perturbation import PERTURBATIONS, SETTINGS
from cnnviz.explore.attribution.prediction_and_cam import PredictionAndCam
from cnnviz.progress import finish
from cnnviz.runs import importing
from cnnviz.ui.robustness import view
from cnnviz.ui.robustness.class_bars import share
from tests.conftest import Bench
from tests.pages.test_filters import shipped
from tests.pages.test_pages import component, open_page, words
from tests.pages.test_statistics import made

pytestmark = pytest.mark.slow


def tiles(app) -> np.ndarray:
    """The pictures that are drawn, side by side."""
    return np.asarray(
        Image.open(io.BytesIO(base64.b64decode(component(app, "shaken")["png"]))).convert("RGB")
    )


def set_to(app) -> dict[str, float]:
    given = component(app, "shake sliders")
    return {one["name"]: value for one, value in zip(given["ranges"], given["values"], strict=True)}


def test_it_opens_on_a_shaken_picture(bench: Bench) -> None:
    app = open_page("robustness", run=shipped(bench, "cifar10-resnet18"))
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert app.query_params["shake"] == "rotation:30,blur:1"
    assert set_to(app) == {name: one.neutral for name, one in SETTINGS.items()} | {
        "rotation": 30,
        "blur": 1,
    }
    assert "Still says **frog**" in words(app)
    assert "Frog, rotation 30°, blur 1 px: 32 × 32, as the network reads it." in words(app)
    assert "Grad-CAM for frog, cells of layer4.1" in words(app)
    shares = component(app, "shares")["shares"]
    assert [one["name"] for one in shares][:3] == ["airplane", "automobile", "bird"]
    assert sum(one["now"] for one in shares) == pytest.approx(1)
    assert sum(one["before"] for one in shares) == pytest.approx(1)
    assert [one["name"] for one in shares if one["first"]] == ["frog"]
    assert "and Grad-CAM for frog over it" in component(app, "shaken")["alt"]
    assert component(app, "shaken")["count"] == 2
    assert {one.label for one in app.get("download_button")} >= {"PNG", "PNG, Grad-CAM"}
    # Its curves came with it; more of them need the images.
    assert "once the images of cifar10 are on this machine" in words(app)
    assert "500 test images of cifar10, the same at every strength" in words(app)
    assert len(app.get("vega_lite_chart")) == 1 + len(PERTURBATIONS)


def test_unshaken_is_the_picture(bench: Bench) -> None:
    from cnnviz.explore.inputs.builtin_images import photo_named
    from cnnviz.explore.inputs.preprocessing import as_input
    from cnnviz.models import checkpoint
    from cnnviz.workspace import snapshot_file

    run = shipped(bench, "cifar10-resnet18")
    app = open_page("robustness", run=run, shake="none", image="photo.ship")
    assert {one["change"] for one in component(app, "shares")["shares"]} == {"±0.0"}
    assert "Ship, as it is: 32 × 32" in words(app)
    _, card = checkpoint.load(snapshot_file(run, "last"))
    expected = as_input(photo_named("ship").image(), card).pixels
    np.testing.assert_array_equal(tiles(app)[:32, :32], expected)


def test_a_link_opens_what_it_names_and_reset_undoes_it(bench: Bench) -> None:
    run = shipped(bench, "cifar10-resnet18")
    app = open_page("robustness", run=run, shake="rotation:-45,blur:2.5,wobble:3", cam="before")
    assert not app.exception
    assert "wobble" in app.warning[0].value
    assert app.query_params["shake"] == "rotation:-45,blur:2.5"
    found = set_to(app)
    assert (found["rotation"], found["blur"], found["noise"]) == (-45, 2.5, 0)
    # It says something else now: of which class Grad-CAM is, is a choice.
    assert "Now says **" in words(app)
    assert "it said frog, 89.9 %" in words(app)
    assert "Grad-CAM for frog" in component(app, "shaken")["alt"]
    first = component(app, "shaken")["stamp"]
    app.query_params["cam"] = "now"
    app.run()
    assert "Grad-CAM for frog" not in component(app, "shaken")["alt"]
    assert component(app, "shaken")["stamp"] != first
    app.button(key="reset shaking").click().run()
    assert app.query_params["shake"] == "none"
    assert set_to(app) == {name: one.neutral for name, one in SETTINGS.items()}
    assert "Still says **frog**, 89.9 % (was 89.9 %)" in words(app)


def test_a_movement_shows_at_once_and_is_in_the_address_once_it_rests(bench: Bench) -> None:
    app = open_page("robustness", run=shipped(bench, "mnist-mlp"), shake="none")
    still = component(app, "shaken")["stamp"]
    # As the callback of the sliders leaves it.
    app.session_state["shake moving"] = {"rotation": 20.0}
    app.run()
    assert component(app, "shaken")["stamp"] != still
    assert app.query_params["shake"] == "rotation:20"


def test_it_is_shaken_at_the_size_that_is_looked_at(bench: Bench) -> None:
    run = shipped(bench, "cifar10-resnet18")
    app = open_page("robustness", run=run, size="64", shake="rotation:20")
    assert not app.exception
    assert not app.error
    assert "Frog, rotation 20°: 64 × 64, as the network reads it." in words(app)
    assert tiles(app).shape[0] == 64


def test_a_network_without_maps_says_so(bench: Bench) -> None:
    app = open_page("robustness", run=shipped(bench, "mnist-mlp"), shake="rotation:30,noise:40")
    assert not app.exception
    assert not app.error
    assert "There is no Grad-CAM: every layer of this network is a row of units" in words(app)
    assert component(app, "shaken")["count"] == 1
    assert "PNG, Grad-CAM" not in {one.label for one in app.get("download_button")}


def test_curves_are_measured_once_and_kept(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> None:
    run = made(tiny_config)
    app = open_page("robustness", run=run.id, curve="noise", shake="noise:30")
    assert not app.exception
    button = app.button(key=f"measure robustness {run.id} last")
    assert button.label.startswith("Measure, about ")
    app = button.click().run()
    assert not app.exception
    assert not app.error
    stored = [one.name for one in (run.folder / "index").glob("robustness*")]
    assert stored == ["robustness-last-noise-60.json"]
    count = len(app.get("vega_lite_chart"))
    assert "60 test images of tiny, the same at every strength" in words(app)
    assert "guessing, 25.0 %" in words(app)
    assert "Measured: see below." in words(app)
    # Another one stands beside it.
    app = app.selectbox(key="selected curve").set_value("jpeg").run()
    app = app.button(key=f"measure robustness {run.id} last").click().run()
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == count + 1
    assert "CSV" in {one.label for one in app.get("download_button")}
    # Of a copy as well, but never of other weights.
    copy = bench.checkpoints / "copied"
    shutil.copytree(run.folder, copy)
    assert len(open_page("robustness", run="copied").get("vega_lite_chart")) == count + 1
    weights = copy / "snapshots" / "last.safetensors"
    weights.write_bytes(
        (made(tiny_config, Mlp(hidden=(4,))).folder / "snapshots" / weights.name).read_bytes()
    )
    assert len(open_page("robustness", run="copied").get("vega_lite_chart")) == count - 1


def test_without_test_images_it_says_why(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> None:
    run = made(tiny_config)
    (bench.data / "tiny" / "dataset.json").write_text(
        '{"name": "tiny", "classes": ["a", "b", "c", "d"], "source": "another one"}'
    )
    app = open_page("robustness", run=run.id)
    assert not app.exception
    assert "The data set tiny here is another one" in words(app)
    shutil.rmtree(bench.data / "tiny")
    app = open_page("robustness", run=run.id)
    assert "once the images of tiny are on this machine" in words(app)


def test_a_network_that_came_without_a_data_set_says_so(bench: Bench) -> None:
    run = finish(importing.from_torchvision("squeezenet1_1", weights="random", seed=0, side=64))
    app = open_page("robustness", run=run.id)
    assert not app.exception
    assert not app.error
    assert "came without a data set" in words(app)
    shares = component(app, "shares")
    assert 5 <= len(shares["shares"]) <= 10
    assert "of 1,000 classes, the likeliest" in shares["note"]


def test_one_class_of_test_images_is_remarked(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> None:
    run = made(tiny_config)
    np.save(bench.data / "tiny" / "test_labels.npy", np.full(60, 2))
    app = open_page("robustness", run=run.id)
    assert not app.exception
    assert "All test images here are of one class." in words(app)


def test_bars_keep_their_places() -> None:
    def glance(likeliest: int) -> PredictionAndCam:
        shares = np.full(30, 0.001)
        shares[likeliest : likeliest + 5] = [0.5, 0.2, 0.1, 0.05, 0.04]
        return PredictionAndCam(shares / shares.sum(), likeliest, None)

    nothing = np.zeros((1, 1, 1), np.uint8)
    found = view._Shaken(nothing, glance(20), glance(3), 3, None, None, None)
    assert view._listed(found) == [3, 4, 5, 6, 7, 20, 21, 22, 23, 24]
    one = share("cat", 0.631, 0.924, first=True)
    assert (one.words, one.was, one.change) == ("63.1 %", "92.4 %", "−29.3")
    assert share("cat", 0.5, 0.50004, first=True).change == "±0.0"
    assert share("cat", 0.2, 0.1, first=True).change == "+10.0"
