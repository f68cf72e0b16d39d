import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.models import resnet18

from cnnviz.errors import CnnvizError
from cnnviz.explore.filters import first_layer, mosaic, order_by_norm, tiles


def test_filters_of_a_convolution_are_copied():
    network = resnet18(weights=None)
    filters = first_layer(network)
    assert filters.shape == (64, 3, 7, 7)
    assert filters.dtype == np.float32
    np.testing.assert_array_equal(filters, network.conv1.weight.detach().numpy())
    filters[:] = 0
    assert network.conv1.weight.abs().sum() > 0
    np.testing.assert_array_equal(
        tiles(first_layer(network))[5, 1, 2], network.conv1.weight.detach()[5, :, 1, 2]
    )


def test_rows_of_a_linear_layer_become_pictures():
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 5))
    filters = first_layer(network, input_shape=(3, 2, 2))
    image = torch.rand(1, 3, 2, 2)
    with torch.no_grad():
        expected = network(image)[0] - network[1].bias
    np.testing.assert_allclose((filters * image.numpy()).sum(axis=(1, 2, 3)), expected, rtol=1e-4, atol=1e-6)
    for shape in (None, (1, 2, 2)):
        with pytest.raises(CnnvizError, match="12 values: give the shape"):
            first_layer(network, input_shape=shape)


def test_a_network_without_filters():
    with pytest.raises(CnnvizError, match="no convolution and no linear layer"):
        first_layer(nn.ReLU())


def test_order_by_norm_is_stable_and_puts_nan_last():
    filters = np.array([1, -3, np.nan, 3, 2], np.float32).reshape(5, 1, 1, 1)
    assert order_by_norm(filters).tolist() == [1, 3, 4, 0, 2]


@pytest.mark.parametrize(("channels", "count", "mode"), [(1, 4, "P"), (3, 4, "RGB"), (4, 16, "P")])
def test_mosaic_of_filters_is_signed(channels, count, mode):
    filters = np.random.default_rng(0).random((4, channels, 5, 5))
    picture = mosaic(filters, columns=2, gap=2)
    assert picture.count == count
    assert picture.gap == 2
    assert picture.scale.signed
    assert picture.scale.high == -picture.scale.low == filters.max()
    assert Image.open(io.BytesIO(picture.png)).mode == mode
    assert len(mosaic(filters, each=True).scale.highs) == count
