import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.errors import CnnvizError, ImageError, LayerNotFound
from cnnviz.explore.activations.activation_maps import channel_maps, layer_maps, maps_of, predict, summary


@pytest.fixture
def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Dropout(0.9), nn.Flatten(), nn.Linear(4 * 36, 5)
    ).train()


@pytest.fixture
def image():
    return np.random.default_rng(0).standard_normal((1, 8, 8)).astype(np.float32)


def test_a_linear_layer_gives_one_value_a_channel(network, image):
    assert channel_maps(network, image, "4").shape == (5, 1, 1)


def test_dropout_is_off_and_the_image_may_be_read_only(network, image):
    image.flags.writeable = False
    before = image.copy()
    np.testing.assert_array_equal(channel_maps(network, image, "2"), channel_maps(network, image, "1"))
    np.testing.assert_array_equal(image, before)


def test_an_in_place_first_layer_leaves_the_image_alone(image):
    before = image.copy()
    channel_maps(nn.Sequential(nn.ReLU(inplace=True)), image, "0")
    np.testing.assert_array_equal(image, before)


def test_probabilities(network, image):
    network.eval()
    with torch.no_grad():
        expected = torch.softmax(network(torch.from_numpy(image)[None]), dim=1)[0].numpy()
    network.train()
    probabilities = predict(network, image)
    assert probabilities.dtype == np.float64
    assert abs(probabilities.sum() - 1) < 1e-12
    assert network.training
    np.testing.assert_allclose(probabilities, expected, rtol=1e-5)
    with torch.no_grad():
        network[4].weight.mul_(1e4)
    assert np.isfinite(predict(network, image)).all()


def test_what_is_no_classifier_or_no_image(network, image):
    with pytest.raises(CnnvizError, match="choose a classifier"):
        predict(network[:2], image)
    with pytest.raises(ImageError, match=r"give \(C, H, W\)"):
        predict(network, image[0])


def test_no_layers_are_no_maps(network, image):
    assert layer_maps(network, image, layers=[]) == {}
    assert list(layer_maps(network, image)) == ["0", "1", "2", "3", "4"]


def test_half_precision_comes_out_as_float32(network, image):
    maps = channel_maps(network.to(torch.bfloat16), image, "1")
    assert maps.dtype == np.float32
    assert maps.min() >= 0


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((2, 5), (5, 1, 1)), ((2, 3, 4, 5), (3, 4, 5)), ((2, 7, 4), (1, 7, 4)), ((2, 3, 2, 4, 5), (6, 4, 5))],
)
def test_any_output_becomes_maps(shape, expected):
    assert maps_of(torch.zeros(shape)).shape == expected


def test_summary():
    maps = np.array([[[0, 0], [0, 0]], [[0, 1], [2, 3]]], np.float32)
    found = summary(maps)
    assert (found.channels, found.minimum, found.maximum, found.mean) == (2, 0, 3, 0.75)
    assert found.zeros == 5 / 8
    assert found.dead == (0,)
    assert found.not_finite == 0
    maps[1, 1] = np.nan, np.inf
    found = summary(maps)
    assert (found.maximum, found.not_finite, found.dead) == (1, 2, (0,))
    assert np.isnan(summary(np.full((1, 2, 2), np.nan)).mean)


def test_a_channel_that_is_switched_off_is_missing_in_all_that_follows() -> None:
    from cnnviz.config import Cnn, ResNet18
    from cnnviz.explore.activations.activation_maps import predict_without
    from cnnviz.models.registry import build

    model = build(Cnn(convs=(4, 5), pool_after=(1,)), image_shape=(8, 8, 3), classes=3).eval()
    image = np.random.default_rng(0).normal(size=(3, 8, 8)).astype(np.float32)
    weight = model.conv2.weight
    before = predict(model, image)
    off = predict_without(model, image, "act1", 2)
    assert predict(model, image).tolist() == before.tolist()
    kept = weight.detach().clone()
    with torch.no_grad():
        weight[:, 2] = 0  # what the next layer makes of nothing
    assert off == pytest.approx(predict(model, image))
    with torch.no_grad():
        weight.copy_(kept)
    with pytest.raises(IndexError, match="channels 0 to 3, not 4"):
        predict_without(model, image, "act1", 4)
    with pytest.raises(LayerNotFound):
        predict_without(model, image, "act9", 0)
    assert not any(module._forward_hooks for module in model.modules())

    residual = build(ResNet18(), image_shape=(8, 8, 3), classes=3).eval()
    first, second = (predict_without(residual, image, f"layer1.0.relu{call}", 1) for call in ("", ":2"))
    assert first.tolist() != second.tolist()
