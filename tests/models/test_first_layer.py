import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.errors import LayerNotFound
from cnnviz.models.first_layer import first_filters


def test_filters_of_a_convolution_are_its_weights():
    network = nn.Sequential(nn.Conv2d(3, 8, 5), nn.ReLU(), nn.Linear(4, 2))
    assert torch.equal(first_filters(network, image_shape=(9, 9, 3)), network[0].weight)


def test_rows_of_a_linear_layer_become_pictures():
    network = nn.Sequential(nn.Flatten(), nn.Linear(18, 5))
    filters = first_filters(network, image_shape=(2, 3, 3))
    image = torch.rand(1, 3, 2, 3)
    expected = (network(image)[0] - network[1].bias).detach()
    np.testing.assert_allclose((filters * image).sum(dim=(1, 2, 3)), expected, rtol=1e-4, atol=1e-6)


def test_a_network_without_filters():
    with pytest.raises(LayerNotFound, match="first convolution or linear layer"):
        first_filters(nn.ReLU(), image_shape=(2, 2, 3))
