"""Images that are not square: every question is asked of 16 × 24 (height × width), and of others that become so."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.transforms.v2 import functional as torchvisions

from cnnviz.config import Cnn
from cnnviz.data.geometry import resize
from cnnviz.data.perturbation import PERTURBATIONS, shaken
from cnnviz.explore.activations.activation_maps import channel_maps, layer_maps, predict, predict_without
from cnnviz.explore.activations.cell import cell
from cnnviz.explore.attribution.attribute import AttributionSetting, attribute
from cnnviz.explore.attribution.checks import checks
from cnnviz.explore.attribution.methods import METHODS
from cnnviz.explore.attribution.prediction_and_cam import glance
from cnnviz.explore.attribution.superpixels import superpixels
from cnnviz.explore.channels.excitation import excitations, seconds_an_image
from cnnviz.explore.features import features
from cnnviz.explore.inputs.preprocessing import as_fed, as_input
from cnnviz.explore.layers.structure import layer_named, layers
from cnnviz.explore.maximisation.objectives import channel
from cnnviz.explore.maximisation.optimisation import maximise
from cnnviz.explore.maximisation.settings import Settings
from cnnviz.explore.predictions import joined, predictions
from cnnviz.explore.robustness import accuracy
from cnnviz.explore.statistics import dead_units
from cnnviz.explore.statistics.layer_statistics import statistics
from cnnviz.index import store
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build
from cnnviz.progress import finish

HEIGHT, WIDTH, COUNT = 16, 24, 14
NETWORK = Cnn(convs=(5, 6), pool_after=(1,), batch_norm="all", linear=(7,))
LABELS = (np.arange(COUNT) % 3).astype(np.int64)
NUMBERS = np.array([1, 2, 4, 5, 6, 7, 9, 12, 13])
CARD = Card(
    network=NETWORK, image_shape=(HEIGHT, WIDTH, 3), classes=("a", "b", "c"), mean=(0.5, 0.4, 0.6),
    std=(0.25, 0.2, 0.3), data="x", epoch=0, step=0,
)  # fmt: skip
STORED = {"as stored": (16, 24), "twice as large": (32, 48), "square": (24, 24), "upright": (24, 16)}


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return build(NETWORK, image_shape=CARD.image_shape, classes=3, seed=4).eval()


@pytest.fixture(params=list(STORED.values()), ids=list(STORED))
def images(request: pytest.FixtureRequest) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (COUNT, *request.param, 3), dtype=np.uint8)


def read(images: np.ndarray) -> np.ndarray:
    """What the network reads, one image after the other, resized as torchvision does: (N, C, H, W)."""
    planes = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    if planes.shape[2:] != (HEIGHT, WIDTH):
        planes = torchvisions.resize(planes.float(), [HEIGHT, WIDTH], antialias=True).round().clamp(0, 255)
    return np.stack(
        [as_fed(one.astype(np.uint8), CARD).values for one in planes.numpy().transpose(0, 2, 3, 1)]
    )


def test_resizing_is_torchvisions(images: np.ndarray) -> None:
    found = resize(torch.from_numpy(images), (HEIGHT, WIDTH))
    assert (found.shape, found.dtype) == ((COUNT, HEIGHT, WIDTH, 3), torch.uint8)
    np.testing.assert_array_equal(np.stack([as_fed(one, CARD).values for one in found.numpy()]), read(images))


def test_predictions_and_features(model: nn.Module, images: np.ndarray) -> None:
    found = joined(list(predictions(model, CARD, images, LABELS, numbers=NUMBERS)))
    rows = finish(features(model, CARD, images, layer="act2", numbers=NUMBERS))
    seen = read(images)
    for at, number in enumerate(NUMBERS):
        np.testing.assert_allclose(found.probabilities[at], predict(model, seen[number]), atol=1e-6)
        np.testing.assert_allclose(
            rows[at], channel_maps(model, seen[number], "act2").mean((1, 2)), atol=1e-5
        )


def test_excitations_and_their_index(model: nn.Module, images: np.ndarray, tmp_path: Path) -> None:
    found = finish(excitations(model, CARD, images, LABELS, numbers=NUMBERS))
    seen = read(images)
    path = tmp_path / "index.npz"
    path.write_bytes(store.CODEC.encode(store.Index(len(NUMBERS), found), "x"))
    with path.open("rb") as file:
        index = store.CODEC.decode(file, "x")
    assert index is not None
    for layer, size in (("conv1", (16, 24)), ("pool1", (8, 12)), ("act2", (8, 12))):
        maps = np.stack([channel_maps(model, seen[number], layer) for number in NUMBERS])
        assert maps.shape[2:] == size
        stored = store.layer(index, layer)
        assert stored is not None
        for one in (found[layer], stored):
            assert one.width == size[1]
            for number in range(one.channels):
                best = one.strongest(number, 3)
                expected = np.sort(maps[:, number].max((1, 2)))[::-1][:3]
                np.testing.assert_allclose([each.value for each in best], expected, atol=1e-5)
                for image, row, column, value in best:
                    at = list(NUMBERS).index(image)
                    assert maps[at, number, row, column] == pytest.approx(value, abs=1e-5)
    assert seconds_an_image(model, CARD) > 0


def test_statistics(model: nn.Module, images: np.ndarray) -> None:
    found = finish(statistics(model, CARD, images, LABELS, numbers=NUMBERS))
    seen = read(images)
    for one in found.layers:
        maps = np.stack([channel_maps(model, seen[number], one.layer) for number in NUMBERS])
        assert one.zeros == pytest.approx((maps == 0).mean(), abs=1e-4)
        assert one.output_shape == (maps.shape[1:] if len(one.output_shape) == 3 else maps.shape[1:2])
    fields = {one.layer: one.field for one in found.layers}
    assert (fields["conv1"], fields["conv2"]) == (3, 8)


def test_dead_units_and_gradients(model: nn.Module, images: np.ndarray) -> None:
    seen = read(images)
    for one in dead_units.rectifiers(model, CARD, images, NUMBERS):
        maps = np.stack([channel_maps(model, seen[number], one.layer) for number in NUMBERS])
        assert one.dead == (maps == 0).all((0, 2, 3)).sum()
    model.zero_grad()
    inputs = torch.from_numpy(seen[NUMBERS])
    nn.functional.cross_entropy(model(inputs), torch.from_numpy(LABELS[NUMBERS])).backward()
    weights = {name: weight.grad for name, weight in model.named_parameters()}
    model.zero_grad()
    for reached in dead_units.gradients(model, CARD, images, LABELS, NUMBERS):
        gradient = weights[f"{reached.layer}.weight"]
        assert gradient is not None
        assert reached.gradient == pytest.approx(float(gradient.square().mean().sqrt()), rel=1e-4)


@pytest.mark.parametrize("name", ["rotation", "shift", "square"])
def test_robustness(model: nn.Module, images: np.ndarray, name: str) -> None:
    found = finish(
        accuracy.robustness(model, CARD, images, LABELS, numbers=NUMBERS, perturbation=name, seed=2)
    )
    pixels = resize(torch.from_numpy(images), (HEIGHT, WIDTH)).numpy()
    for at, strength in enumerate(PERTURBATIONS[name].strengths):
        own = [
            predict(
                model, as_fed(shaken(pixels[number], {name: strength}, seed=(2, int(number))), CARD).values
            )[LABELS[number]]
            for number in NUMBERS
        ]
        assert found.true_probability[at] == pytest.approx(np.mean(own), abs=1e-5)


def image() -> np.ndarray:
    return as_input(np.random.default_rng(5).integers(0, 256, (20, 30, 3), dtype=np.uint8), CARD).values


def test_one_image(model: nn.Module) -> None:
    seen = image()
    assert seen.shape == (3, HEIGHT, WIDTH)
    listed, maps = layers(model, seen.shape), layer_maps(model, seen)
    assert layer_named(listed, "pool1").output_shape == (5, 8, 12)
    for layer in listed:
        found = maps[layer.name]
        at = (len(found) - 1, found.shape[1] - 1, found.shape[2] - 1)
        worked = cell(model, seen, listed, layer.name, channel=at[0], row=at[1], column=at[2])
        assert worked.steps[-1].value == pytest.approx(float(found[at]), abs=1e-5)
    assert predict_without(model, seen, "conv1", 0).sum() == pytest.approx(1)
    with pytest.raises(IndexError):
        cell(model, seen, listed, "conv1", channel=0, row=20, column=0)
    assert cell(model, seen, listed, "conv1", channel=0, row=0, column=20).value == maps["conv1"][0, 0, 20]


@pytest.mark.parametrize("method", list(METHODS))
def test_attributions(model: nn.Module, method: str) -> None:
    seen = image()
    setting = AttributionSetting(baseline="blur", layer="act2")
    (found,) = finish(attribute(model, CARD, seen, method=method, targets=[1], setting=setting))
    assert found.map.shape == (HEIGHT, WIDTH)
    assert np.isfinite(found.values).all()
    if found.missing is not None and method != "lrp":
        assert abs(found.missing) < 0.02 * max(1.0, abs(found.expected or 0))


def test_checks_of_a_map(model: nn.Module) -> None:
    seen = image()
    setting = AttributionSetting()
    (found,) = finish(attribute(model, CARD, seen, method="saliency", targets=[1], setting=setting))
    made = finish(checks(model, CARD, seen, found, options=METHODS["saliency"].options(), setting=setting))
    assert np.isfinite([made.sensitivity, made.infidelity, made.curves.deletion.area]).all()
    assert {one.map.shape for one in made.destroyed} == {(HEIGHT, WIDTH)}


def test_superpixels_and_a_glance(model: nn.Module) -> None:
    seen = image()
    labels = superpixels(seen, 24)
    assert labels.shape == (HEIGHT, WIDTH)
    assert 12 <= labels.max() + 1 <= 30
    found = glance(model, seen, layer="act2")
    assert found.map is not None
    assert found.map.shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize("parametrisation", ["pixels", "spectrum"])
def test_maximisation(model: nn.Module, parametrisation: Any) -> None:
    settings = Settings(steps=3, pictures=2, parametrisation=parametrisation)
    found = finish(maximise(model, CARD, channel("conv2", 1), settings=settings))
    assert found.pictures.shape == (2, HEIGHT, WIDTH, 3)
    for picture, scored in zip(found.pictures, found.scores, strict=True):
        maps = channel_maps(model, as_fed(picture, CARD).values, "conv2")
        assert scored == pytest.approx(float(maps[1].mean()), abs=1e-5)
