import numpy as np
import pytest
from torch import nn
from torchvision.models import resnet18

from cnnviz.errors import ImageError
from cnnviz.explore.activations.activation_maps import channel_maps
from cnnviz.explore.activations.overview import overview
from cnnviz.explore.layers.structure import layers


def test_every_layer_by_one_pass_as_looked_at_one_by_one():
    model = resnet18(weights=None, num_classes=10)
    image = np.random.default_rng(0).normal(size=(3, 64, 64)).astype(np.float32)
    found = overview(model, image)
    assert list(found) == [layer.name for layer in layers(model, (3, 64, 64))]
    for name in ("conv1", "layer1.0.relu:2", "layer4.1", "fc"):
        maps = channel_maps(model, image, name)
        silent = sum(1 for one in maps if not one.any()) / len(maps)
        glance = found[name]
        assert glance.silent == silent
        assert (glance.low, glance.high) == (maps.min(), maps.max())
        expected = maps[:, 0, 0][None] if name == "fc" else sum(maps) / len(maps)
        np.testing.assert_allclose(glance.picture, expected, rtol=1e-4, atol=1e-6)


def test_numbers_that_are_none():
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU()).eval()
    nn.init.constant_(model[0].weight, 1)
    nn.init.zeros_(model[0].bias)
    image = np.array([[[1, np.nan], [2, 3]]], np.float32)
    glance = overview(model, image)["0"]
    assert (glance.low, glance.high) == (1, 3)
    assert np.isnan(glance.picture[0, 1])
    assert glance.silent == 0


def test_another_shape_is_refused():
    with pytest.raises(ImageError):
        overview(nn.Sequential(nn.Flatten()), np.zeros((2, 2), np.float32))
