import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import mobilenet_v2, resnet18

from cnnviz.errors import LayerNotFound
from cnnviz.explore.activations.activation_maps import layer_maps
from cnnviz.explore.layers.structure import layer_named, layers


@pytest.fixture(scope="module")
def network():
    return resnet18(weights=None, num_classes=10)


def test_resnet_in_the_order_of_running(network):
    listed = layers(network, (3, 32, 32))
    names = [layer.name for layer in listed]
    assert names[:11] == [
        "conv1", "bn1", "relu", "maxpool", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu",
        "layer1.0.conv2", "layer1.0.bn2", "layer1.0.relu:2", "layer1.0",
    ]  # fmt: skip
    assert names[-2:] == ["avgpool", "fc"]
    assert [layer.index for layer in listed] == list(range(len(listed)))
    assert sum(layer.parameters for layer in listed) == sum(value.numel() for value in network.parameters())
    block = layer_named(listed, "layer1.0")
    assert block.block
    assert block.kind == "BasicBlock"
    assert block.input == "maxpool"
    assert block.depth == 1
    assert block.label == "layer1.0 (BasicBlock, block output, 64×8×8)"
    assert layer_named(listed, "layer1.0.relu:2").input == "layer1.0.bn2 + …"
    assert layer_named(listed, "layer2.0.downsample.0").input == "layer1.1"
    assert layer_named(listed, "conv1").input == "image"
    assert layer_named(listed, "fc").output_shape == (10,)
    assert layer_named(listed, "fc").input == "avgpool"


def test_the_list_is_what_can_be_looked_at(network):
    listed = layers(network, (3, 32, 32))
    seen = layer_maps(network, np.zeros((3, 32, 32), np.float32))
    assert list(seen) == [layer.name for layer in listed]
    for layer in listed:
        assert seen[layer.name].size == np.prod(layer.output_shape)


def test_layers_that_do_nothing_are_marked():
    model = nn.Sequential(
        nn.Flatten(), nn.Dropout(), nn.Linear(12, 4), nn.ReLU(inplace=True), nn.Identity(), nn.Linear(4, 2)
    ).train()
    listed = layers(model, (3, 2, 2))
    assert [layer.idle for layer in listed] == [False, True, False, False, True, False]
    assert [layer.input for layer in listed] == ["image", "0", "1", "2", "3", "4"]
    assert model.training
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


def test_blocks_without_plain_sequences():
    listed = layers(mobilenet_v2(weights=None), (3, 32, 32))
    assert {layer.kind for layer in listed if layer.block} == {"InvertedResidual"}


def test_parameters_of_parts_that_are_not_called_count_for_the_whole():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, tokens):
            return self.attention(tokens, tokens, tokens)[0].mean(1)

    model = Attention()
    (layer,) = layers(model, (5, 4))
    assert layer.parameters == sum(value.numel() for value in model.parameters())


def test_no_hook_is_left_when_the_network_fails():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(4, 4))
    with pytest.raises(RuntimeError):
        layers(model, (3,))
    assert model.training
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


def test_an_unknown_layer_names_its_neighbours(network):
    with pytest.raises(LayerNotFound, match=r"^No layer 'layer1.0.conv3'. Did you mean: layer1.0.conv"):
        layer_named(layers(network, (3, 32, 32)), "layer1.0.conv3")


def test_double_precision_networks_are_traced():
    model = nn.Sequential(nn.Conv2d(1, 2, 3)).to(torch.float64)
    assert layers(model, (1, 4, 4))[0].output_shape == (2, 2, 2)


def test_what_was_frozen_is_said() -> None:
    from cnnviz.config import FreezeChildren, ResNet18
    from cnnviz.explore.layers.structure import layers
    from cnnviz.models.freezing import frozen_weights
    from cnnviz.models.registry import build

    model = build(ResNet18(stem="imagenet"), image_shape=(32, 32, 3), classes=10)
    listed = layers(model, (3, 32, 32), frozen=frozen_weights(model, FreezeChildren(count=5)))
    frozen = {layer.name for layer in listed if layer.frozen}
    assert {"conv1", "bn1", "layer1.0.conv1", "layer1.1"} <= frozen
    assert not {"relu", "layer2.0.conv1", "fc"} & frozen
