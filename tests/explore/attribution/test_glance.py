"""Prediction and Grad-CAM from one pass, against both by themselves."""

import numpy as np
import pytest
import torch

from cnnviz.config import Cnn, Mlp, ResNet18
from cnnviz.errors import LayerNotFound
from cnnviz.explore.activations.activation_maps import predict
from cnnviz.explore.attribution.attribute import AttributionSetting, attribute
from cnnviz.explore.attribution.prediction_and_cam import glance
from cnnviz.progress import finish
from tests.explore.attribution.test_methods import SIDE, card, settled

IMAGE = np.random.default_rng(0).normal(size=(3, SIDE, SIDE)).astype(np.float32)


@pytest.mark.parametrize(
    ("network", "layer"), [(Cnn(convs=(5, 6), pool_after=(1,)), "conv2"), (ResNet18(), "layer3.1")]
)
def test_it_is_prediction_and_grad_cam(network, layer):
    model = settled(network)
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = glance(model, IMAGE, layer=layer)
    assert found.probabilities == pytest.approx(predict(model, IMAGE), abs=1e-6)
    assert found.target == found.probabilities.argmax()
    for target in (None, 2):
        found = glance(model, IMAGE, layer=layer, target=target)
        (expected,) = finish(
            attribute(
                model, card(network), IMAGE, method="grad_cam", targets=[found.target],
                setting=AttributionSetting(layer=layer),
            )
        )  # fmt: skip
        assert found.target == (found.probabilities.argmax() if target is None else target)
        np.testing.assert_allclose(found.map, expected.map, rtol=1e-5, atol=1e-7)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.is_grad_enabled()


def test_without_maps_there_is_the_prediction_alone():
    model = settled(Mlp(hidden=(6,)))
    found = glance(model, IMAGE, layer=None)
    assert found.map is None
    assert found.target == found.probabilities.argmax()
    with pytest.raises(LayerNotFound):
        glance(model, IMAGE, layer="conv9")
