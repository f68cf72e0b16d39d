"""Choosing and reading images on the Activations page, without a browser."""

import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnviz.artifact import StoredArtifact
from cnnviz.config import Cnn, Network, ResNet18, RunConfig
from cnnviz.errors import ImageError
from cnnviz.explore.activations.activation_maps import channel_maps
from cnnviz.explore.inputs.builtin_images import photo_named
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.explore.predictions import CODEC
from cnnviz.models import checkpoint, registry
from cnnviz.models.checkpoint import Card
from cnnviz.progress import finish
from cnnviz.runs import run as running
from cnnviz.runs import status
from cnnviz.runs.run import Run
from cnnviz.ui.resources import uploads
from cnnviz.ui.widgets import predictions, preprocessing
from tests.conftest import Bench
from tests.pages.test_pages import open_page, words

pytestmark = pytest.mark.slow

CLASSES = ("one", "two", "three", "four")


def untrained(config: RunConfig, network: Network, *, side: int = 8) -> Run:
    """A finished run of a network that was not trained at all."""
    run = running.create(config.model_copy(update={"network": network}), *running.environment())
    shape = (side, side, 3)
    card = Card(
        network=network, image_shape=shape, classes=CLASSES, mean=(0.5,) * 3, std=(0.25,) * 3, data="tiny", epoch=1,
        step=6,
    )  # fmt: skip
    (run.folder / "snapshots").mkdir()
    model = registry.build(network, image_shape=shape, classes=4)
    checkpoint.save(run.folder / "snapshots" / "last.safetensors", model.state_dict(), card)
    now = status.Status(state="finished", epoch=1, epochs=1, step=6, steps=6, updated=time.time())
    status.write(run.folder, now)
    return run


@pytest.fixture
def residual(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> Run:
    return untrained(tiny_config, ResNet18(stem="cifar"))


@pytest.fixture
def plain(bench: Bench, tiny_data: str, tiny_config: RunConfig) -> Run:
    return untrained(tiny_config, Cnn(convs=(4,), pool_after=(1,)))


def button(app: AppTest, label: str) -> AppTest:
    """The app after a click on that button."""
    return next(one for one in app.button if one.label == label).click().run()


def test_test_images_by_what_the_network_says(plain: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predictions, "FIRST", 25)
    app = open_page("activations", run=plain.id, image="test.3")
    labels = [box.label for box in app.selectbox]
    assert "Class" in labels
    assert "Predicted as" not in labels
    app = button(app, "Predict 25 test images")
    assert not app.exception
    assert "25 of the 25 test images predicted so far." in words(app)
    app = button(app, "Predict all 60")
    assert "60 of the 60 test images predicted so far (all)." in words(app)
    assert not [one for one in app.button if one.label.startswith(("Predict", "Go on"))]
    [path] = (plain.folder / "index").glob("predictions-last.npz")
    with np.load(path) as kept:
        found = StoredArtifact(path, str(kept["of"]), CODEC).load()
    assert found is not None
    app.selectbox(key="image class").set_value(1).run()
    assert f"{(found.labels == 1).sum()} of the 60" in words(app)
    app.selectbox(key="image predicted").set_value(2).run()
    both = (found.labels == 1) & (found.guesses == 2)
    assert (f"{both.sum()} of the 60" in words(app)) == bool(
        both.any() or "There is no such image" in words(app)
    )
    app.selectbox(key="image class").set_value(-1).run()
    app.selectbox(key="image predicted").set_value(-1).run()
    app.session_state["image outcome"] = "wrong"
    app.run()
    assert f"{(~found.right).sum()} of the 60" in words(app)
    assert not app.exception


def test_predictions_of_other_weights_do_not_count(plain: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    app = button(open_page("activations", run=plain.id, image="test.3"), "Predict 60 test images")
    assert "test images predicted so far" in words(app)
    path = plain.folder / "snapshots" / "last.safetensors"
    card, weights = checkpoint.read(path)
    checkpoint.save(path, weights, card)  # the same, in a file of another time
    assert "test images predicted so far" in words(open_page("activations", run=plain.id, image="test.3"))
    checkpoint.save(path, {name: value + 1 for name, value in weights.items()}, card)
    app = open_page("activations", run=plain.id, image="test.3")
    assert "test images predicted so far" not in words(app)
    assert "Predict 60 test images" in [one.label for one in app.button]


def test_what_was_predicted_before_a_stop_is_kept(plain: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from cnnviz.explore import predictions as exploring

    whole = exploring.predictions

    def stopped(*arguments: object, **options: object) -> object:
        yield from whole(*arguments, **options | {"numbers": [4, 9]})  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(exploring, "predictions", stopped)
    with pytest.raises(KeyboardInterrupt):
        _predict_outside(plain)
    monkeypatch.setattr(exploring, "predictions", whole)
    app = open_page("activations", run=plain.id, image="test.3")
    [path] = (plain.folder / "index").glob("predictions-last.npz")
    with np.load(path) as kept:
        assert kept["numbers"].tolist() == [4, 9]
    assert "2 of the 2 test images predicted so far." in words(app)
    assert "60 of the 60 test images" in words(button(app, "Predict all 60"))


def _predict_outside(run: Run) -> None:
    """What a click does, in this thread."""
    from cnnviz.ui.resources import datasets, networks
    from cnnviz.ui.resources.selected_network import SelectedNetwork

    stamp = networks.stamp(run.id, "last")
    network = SelectedNetwork(run, "last", stamp, networks.network(stamp)[1])
    there = predictions.pool(network, datasets.dataset("tiny"), "test")
    finish(predictions._predicting(network, there, None, 60, split="test"))


def test_another_size_is_followed_by_everything(residual: Run) -> None:
    app = open_page("activations", run=residual.id, layer="layer1.0", image="photo.frog", channel="2")
    small = _layer_label(app)
    assert "64 × 8 × 8" in small
    assert app.selectbox(key="selected size").options[0] == "8 × 8, as trained"
    app.selectbox(key="selected size").set_value("32").run()
    assert not app.exception
    assert app.query_params["size"] == "32"
    assert "64 × 32 × 32" in _layer_label(app)
    assert "Its map, 32 × 32" in words(app)
    assert "Test images are looked through at the size of training, 8 × 8." in words(app)
    assert "Trained at 8 × 8: only there is its prediction what it learnt." in words(app)
    table = app.table[0].value
    assert list(table.columns) == ["8 × 8, as trained", "32 × 32"]
    again = open_page("activations", run=residual.id, layer="layer1.0", image="photo.frog", size="32")
    assert "64 × 32 × 32" in _layer_label(again)
    again.selectbox(key="selected size").set_value("training").run()
    assert "64 × 8 × 8" in _layer_label(again)
    assert "Trained at 8 × 8" not in words(again)


def _layer_label(app: AppTest) -> str:
    box = app.selectbox(key="selected layer")
    return next(option for option in box.options if "layer1.0 ·" in option)


def test_a_change_of_size_lets_go_of_the_cell(residual: Run) -> None:
    app = open_page("activations", run=residual.id, layer="layer1.0", channel="2", cell="1.1")
    assert "Row 1, column 1 sees" in words(app)
    app.selectbox(key="selected size").set_value("16").run()
    assert "cell" not in app.query_params
    assert "Row 1, column 1 sees" not in words(app)


def test_a_network_of_one_size_says_why(plain: Run) -> None:
    app = open_page("activations", run=plain.id, size="112")
    assert "There is no resolution '112' here; this is '8 × 8, as trained'" in words(app)
    assert "It can be looked at in this size only: fc1 takes 64 numbers" in words(app)
    assert not [box for box in app.selectbox if box.label == "Resolution"]


def test_fits_are_offered_where_shapes_differ(plain: Run) -> None:
    app = open_page("activations", run=plain.id, image="photo.frog")
    assert "Fit" not in [box.label for box in app.selectbox]
    name = f"upload.{_kept(Image.new('RGB', (40, 20), 'red'))}"
    app = open_page("activations", run=plain.id, image=name, fit="pad")
    assert app.selectbox(key="selected fit").value == "pad"
    app.session_state["how it was read"] = True
    app.run()
    assert "All of it, 40 × 20, becomes 8 × 4: about 5 × 5 pixels are averaged into one" in words(app)
    assert "Black around it makes 8 × 8." in words(app)
    app.selectbox(key="selected fit").set_value("crop").run()
    assert "Its middle, 20 × 20 (outlined), becomes 8 × 8: about 2.5 × 2.5 pixels" in words(app)
    # Red is 1, 0, 0: (1 - 0.5) / 0.25 and (0 - 0.5) / 0.25.
    table = app.table[-1].value
    assert table["Smallest"].tolist() == ["2.000", "−2.000", "−2.000"]
    assert table["Largest"].tolist() == ["2.000", "−2.000", "−2.000"]


def _raw(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _kept(image: Image.Image) -> str:
    return uploads.add(_raw(image), "red.png").hash


def test_how_a_built_in_picture_and_a_test_image_were_read(plain: Run) -> None:
    for image, said in (("photo.frog", "256 × 256, 8 bits"), ("test.3", "is taken pixel by pixel")):
        app = open_page("activations", run=plain.id, image=image)
        app.session_state["how it was read"] = True
        app.run()
        assert not app.exception
        assert said in words(app)


@pytest.mark.parametrize(
    ("image", "options", "said"),
    [
        (Image.new("RGBA", (4, 3)), {}, "PNG, 4 × 3, RGBA. Transparency laid on white."),
        (Image.fromarray(np.zeros((3, 4), np.uint16)), {}, "PNG, 4 × 3, I;16. 16 bits scaled to 8."),
        (Image.new("CMYK", (4, 3)), {"kind": "JPEG"}, "JPEG, 4 × 3, CMYK. CMYK made RGB."),
        (Image.new("P", (1, 1)), {}, "PNG, 1 × 1, P. Palette made RGB."),
        (Image.new("RGB", (4, 3)), {"kind": "BMP"}, "BMP, 4 × 3, RGB. Taken as it is."),
        (
            Image.new("RGB", (4, 3)),
            {"save_all": True, "append_images": [Image.new("RGB", (4, 3), "red")]},
            "PNG, 4 × 3, RGB. First of 2 frames.",
        ),
    ],
)  # fmt: skip
def test_what_a_file_was(image: Image.Image, options: dict[str, object], said: str) -> None:
    from cnnviz.data.images import read

    assert preprocessing.origin(read(_raw(image, **options))) == said


def test_names_of_files_mean_nothing_on_a_page() -> None:
    assert uploads.harmless("![x](http://a/b) `c` <d> *e*.png") == "··x·(http·//a/b) ·c· ·d· ·e·.png".replace(
        "/", "·"
    )
    assert uploads.harmless("") == "picture"
    assert len(uploads.harmless("a" * 500 + ".png")) == 48
    with pytest.raises(ImageError):
        uploads.add(b"no picture", "x.png")


def test_old_uploads_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_MOST", 3)
    hashes = [_kept(Image.new("RGB", (5, 5), (7, 7, level))) for level in range(5)]
    assert [one.hash for one in uploads.mine() if one.hash in hashes] == hashes[2:]
    assert Path(uploads.get(hashes[4]).title).name == "red.png"


def test_several_uploads_stay_and_one_that_fails_loses_none(plain: Run) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    files = [
        ("wide.png", _raw(Image.new("RGB", (40, 20), "red")), "image/png"),
        ("no [b](c).png", b"text", "image/png"),
        ("turned.jpg", _raw(Image.new("RGB", (40, 20), "blue"), "JPEG", exif=exif), "image/jpeg"),
        ("empty.png", b"", "image/png"),
        ("huge.png", _raw(Image.new("1", (30_000, 1000))), "image/png"),
    ]
    app = open_page("activations", run=plain.id)
    app.session_state["image source"] = "Upload"
    app.run()
    app.file_uploader[0].set_value(files).run()
    assert not app.exception
    errors = [error.value for error in app.error]
    assert [error.partition(":")[0] for error in errors] == ["no ·b·(c).png", "empty.png", "huge.png"]
    assert all("\n" not in error for error in errors)
    mine = [uploads.get(digest) for digest in app.session_state["uploads"]]
    assert [(one.title, one.pixels.shape) for one in mine] == [
        ("wide.png", (20, 40, 3)),
        ("turned.jpg", (40, 20, 3)),
    ]
    assert app.query_params["image"] == f"upload.{mine[0].hash}"
    # What was refused is listed no longer; the reasons stay until the next files come.
    assert not app.file_uploader[0].value
    app.run()
    assert len(app.error) == 3
    app.file_uploader[0].set_value(files[:1]).run()
    assert not app.error
    app.query_params["image"] = f"upload.{mine[1].hash}"
    app.session_state["how it was read"] = True
    app.run()
    assert "JPEG, 40 × 20, RGB. Turned by 90° to the right, as its EXIF data asks." in words(app)
    assert "Its middle, 20 × 20 (outlined)" in words(app)
    assert len(app.session_state["uploads"]) == 2
    assert app.query_params["image"] == f"upload.{mine[1].hash}"


def test_an_inverted_picture_is_a_link(bench: Bench, tiny_config: RunConfig) -> None:
    from tests.conftest import write_data

    write_data(bench.data / "tiny", channels=1)
    run = running.create(tiny_config, *running.environment())
    card = Card(
        network=tiny_config.network, image_shape=(8, 8, 1), classes=CLASSES, mean=(0.5,), std=(0.25,), data="tiny",
        epoch=1, step=6,
    )  # fmt: skip
    (run.folder / "snapshots").mkdir()
    model = registry.build(tiny_config.network, image_shape=(8, 8, 1), classes=4)
    checkpoint.save(run.folder / "snapshots" / "last.safetensors", model.state_dict(), card)
    app = open_page("activations", run=run.id, image="photo.digit-3", invert="yes")
    assert app.toggle(key="invert image").value
    app.session_state["how it was read"] = True
    app.run()
    assert "Black and white swapped." in words(app)
    # The page that compares reads it so, too: two unlike pictures, both inverted.
    fed = [as_input(photo_named(f"digit-{digit}").image(), card, invert=True).values for digit in (3, 8)]
    first, second = (channel_maps(model.eval(), values, "fc1") for values in fed)
    pictures = {"with": "image", "image": "photo.digit-3", "image_b": "photo.digit-8"}
    beside = open_page("compare", run=run.id, layer="fc1", invert="yes", **pictures)
    assert f"Mean of |B − A|: **{np.abs(second - first).mean():.3g}**" in words(beside)
    assert f"mean of |A|: {np.abs(first).mean():.3g}." in words(beside)
    app.toggle(key="invert image").set_value(False).run()
    assert "invert" not in app.query_params
    assert "Black and white swapped." not in words(app)
