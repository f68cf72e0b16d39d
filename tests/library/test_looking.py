"""What scripts and notebooks ask, against what the parts give."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from cnnviz.errors import CnnvizError, ImageError, NotFound
from cnnviz.explore.activations.activation_maps import channel_maps, predict
from cnnviz.explore.inputs.preprocessing import as_input
from cnnviz.library import looking
from cnnviz.models import checkpoint
from cnnviz.runs.run import Run
from cnnviz.workspace import snapshot_file

pytestmark = pytest.mark.slow


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (8, 8, 3), np.uint8)


def pictures(html: str) -> list[str]:
    return re.findall(r"<img alt=\"[^\"]+\" style=\"[^\"]+\" src=\"data:image/png;base64,", html)


def test_maps_and_prediction_are_those_of_the_network(trained: Run, pixels: np.ndarray) -> None:
    model, card = checkpoint.load(snapshot_file(trained.id, "last"))
    values = as_input(pixels, card).values
    found = looking.activations(trained, "act1", pixels)
    np.testing.assert_array_equal(found.maps, channel_maps(model, values, "act1"))
    shares = predict(model, values)
    assert found.prediction[0] == (card.classes[int(shares.argmax())], float(shares.max()))
    assert sum(share for _, share in found.prediction) == pytest.approx(1)
    assert found.summary.channels == 16
    assert len(pictures(found._repr_html_())) == 1


def test_an_image_is_named_opened_or_given(
    trained: Run, pixels: np.ndarray, tmp_path, tiny_data: str
) -> None:
    Image.fromarray(pixels).save(tmp_path / "mine.png")
    given = looking.activations(trained.id, "act1", pixels).maps
    for image in (tmp_path / "mine.png", str(tmp_path / "mine.png"), Image.fromarray(pixels)):
        np.testing.assert_array_equal(looking.activations(trained, "act1", image).maps, given)
    for image in (None, "photo.frog", "test.3"):
        assert looking.activations(trained, "act1", image).maps.shape == (16, 1, 1)
    for wrong in (pixels.astype(float), pixels[0, 0], np.zeros((4, 4, 2), np.uint8)):
        with pytest.raises(ImageError, match="uint8"):
            looking.activations(trained, "act1", wrong)
    with pytest.raises(ImageError, match="can't be read"):
        looking.activations(trained, "act1", tmp_path / "nothing.png")
    with pytest.raises(NotFound):
        looking.activations("nothing", "act1", pixels)


def test_a_channel_is_worked_out(trained: Run, pixels: np.ndarray) -> None:
    maps = looking.activations(trained, "act1", pixels).maps
    found = looking.channel(trained, "act1", int(maps[:, 0, 0].argmax()), pixels)
    assert found.cell.value == pytest.approx(float(maps.max()), abs=1e-6)
    assert found.probability != found.probability_without
    html = found._repr_html_()
    assert len(pictures(html)) == 1
    assert "<li><code>" in html
    with pytest.raises(CnnvizError, match="channels 0 to 15, not 16"):
        looking.channel(trained, "act1", 16, pixels)
    with pytest.raises(CnnvizError, match="cells 0,0 to 0,0"):
        looking.channel(trained, "act1", 0, pixels, cell=(0, 1))


def test_an_attribution_is_of_the_class_that_is_asked_for(trained: Run, pixels: np.ndarray) -> None:
    model, card = checkpoint.load(snapshot_file(trained.id, "last"))
    with torch.no_grad():
        logits = model(torch.from_numpy(as_input(pixels, card).values)[None])[0]
    for target, name in (("three", "three"), (2, "three"), (None, card.classes[int(logits.argmax())])):
        found = looking.attribute(trained, pixels, method="saliency", target=target)
        assert found.target == name
        assert found.logit == pytest.approx(float(logits[card.classes.index(name)]), abs=1e-5)
        assert found.map.shape == (8, 8)
    assert len(pictures(found._repr_html_())) == 1
    size = Image.open(io.BytesIO(looking.png(np.zeros((8, 8, 3), np.uint8)))).size
    assert size == (8, 8)
    for wrong in ("five", 4, -1):
        with pytest.raises(NotFound, match="class"):
            looking.attribute(trained, pixels, method="saliency", target=wrong)
    with pytest.raises(NotFound, match="method"):
        looking.attribute(trained, pixels, method="tea leaves")
    with pytest.raises(CnnvizError, match="can't be asked"):
        looking.attribute(trained, pixels, method="grad_cam")


def test_figures_over_test_images(trained: Run) -> None:
    _, card = checkpoint.load(snapshot_file(trained.id, "last"))
    found = looking.diagnose(trained, images=40)
    assert len(found.predictions) == 40
    assert found.confusion.sum() == 40
    assert found.accuracy == np.trace(found.confusion) / 40
    assert [one.name for one in found.classes] == list(card.classes)
    assert "of 40 test images" in found._repr_html_()
    assert looking.diagnose(trained.id, split="validation", images=10).split == "validation"
    with pytest.raises(NotFound, match="split"):
        looking.diagnose(trained, split="train")
    profile = looking.statistics(trained, images=20)
    assert (profile.images, profile.data) == (20, "tiny")
    assert "act1" in [one.layer for one in profile.layers]
