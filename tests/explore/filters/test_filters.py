import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.config import AlexNet, Cnn, Mlp, ResNet18, Torchvision, Vgg11Bn
from cnnviz.errors import CheckpointError, LayerNotFound
from cnnviz.explore.filters.weights import filter_layers, layer_named, layers_with_filters, of_tensors, read
from cnnviz.models import checkpoint
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build


def card_of(network, shape=(32, 32, 3)):
    grey = (0.5,) * shape[2]
    return Card(
        network=network, image_shape=shape, classes=("one", "two"), mean=grey, std=grey, data="none", epoch=0,
        step=0,
    )  # fmt: skip


class Tangled(nn.Module):
    """Layers registered in another order than they run; grouped, depthwise and 1×1 convolutions."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(8, 2)
        self.point = nn.Conv2d(12, 8, 1)
        self.norm = nn.BatchNorm2d(6)
        self.stem = nn.Conv2d(3, 6, 3, bias=False)
        self.depth = nn.Conv2d(6, 12, 3, groups=6)
        self.pair = nn.Conv2d(12, 12, 3, groups=2)
        self.after = nn.BatchNorm2d(8, affine=False)

    def forward(self, image):
        seen = self.point(self.pair(self.depth(self.norm(self.stem(image)).relu())))
        return self.last(self.after(seen).mean((2, 3)))


def test_convolutions_in_the_order_in_which_they_run():
    layers = layers_with_filters(Tangled(), (16, 16, 3))
    assert [layer.name for layer in layers] == ["stem", "depth", "pair", "point"]
    assert [layer.batch_norm for layer in layers] == ["norm", None, None, "after"]
    assert layers[0].source == "image"
    stem, depth, pair, point = layers
    assert (stem.count, stem.channels, stem.size, stem.tiled) == (6, 3, (3, 3), False)
    assert (depth.channels, depth.groups, depth.tiled) == (1, 6, True)
    assert (pair.channels, pair.groups) == (6, 2)
    assert (point.channels, point.size) == (12, (1, 1))


def test_a_filter_reads_the_input_channels_of_its_group():
    network = Tangled().eval()
    _, depth, pair, _ = layers_with_filters(network, (16, 16, 3))
    for layer, module, inputs in ((depth, network.depth, 6), (pair, network.pair, 12)):
        for number in (0, 5, 11):
            image = torch.zeros(1, inputs, 3, 3, requires_grad=True)
            (slope,) = torch.autograd.grad(module(image)[0, number].sum(), image)
            read_by = np.flatnonzero(slope[0].abs().sum((1, 2)))
            assert list(layer.inputs_of(number)) == read_by.tolist()


def test_weights_bias_and_batch_norm_are_those_of_the_modules():
    network = Tangled()
    nn.init.normal_(network.norm.weight)
    network.norm.running_var.uniform_(1, 2)
    layers = layers_with_filters(network, (16, 16, 3))
    stem, depth, _, point = (of_tensors(network.state_dict(), layer, source="it") for layer in layers)
    np.testing.assert_array_equal(stem.weights, network.stem.weight.detach())
    assert stem.bias is None
    np.testing.assert_array_equal(stem.batch_norm.weight, network.norm.weight.detach())
    np.testing.assert_array_equal(stem.batch_norm.variance, network.norm.running_var)
    np.testing.assert_array_equal(depth.bias, network.depth.bias.detach())
    assert depth.batch_norm is None
    assert point.batch_norm.weight.tolist() == [1] * 8  # it learns none


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "shape", "count", "first"),
    [
        (ResNet18(stem="cifar"), (32, 32, 3), 20, (64, 3, 3, 3)),
        (Vgg11Bn(), (32, 32, 3), 8, (64, 3, 3, 3)),
        (AlexNet(), (64, 64, 3), 5, (64, 3, 11, 11)),
        (Cnn(), (32, 32, 1), 3, None),
        (Mlp(hidden=(7,)), (5, 4, 3), 1, (7, 3, 5, 4)),
        (Torchvision(model="mobilenet_v2"), (32, 32, 3), 52, (32, 3, 3, 3)),
    ],
)
def test_filters_are_read_from_a_file_without_its_network(tmp_path, network, shape, count, first):
    model = build(network, image_shape=shape, classes=2, seed=3)
    card = card_of(network, shape)
    path = tmp_path / "last.safetensors"
    checkpoint.save(path, model.state_dict(), card)
    layers = filter_layers(card)
    assert len(layers) == count
    assert [layer.first for layer in layers] == [True] + [False] * (count - 1)
    assert first is None or read(path, layers[0]).weights.shape == first
    state = model.state_dict()
    for layer in layers:
        found = read(path, layer)
        np.testing.assert_array_equal(found.weights.ravel(), state[f"{layer.name}.weight"].ravel())
        assert (found.batch_norm is None) == (layer.batch_norm is None)
    if network.name in ("resnet18", "vgg11_bn", "torchvision"):
        assert all(layer.batch_norm for layer in layers)


def test_only_the_tensors_asked_for_are_read(tmp_path):
    path = tmp_path / "last.safetensors"
    checkpoint.save(path, {"a": torch.ones(2), "b": torch.zeros(3)}, card_of(Mlp()))
    assert list(checkpoint.read_some(path, {"b", "c"})[1]) == ["b"]
    assert checkpoint.read_some(path, ())[0] == checkpoint.read(path)[0]


def test_what_does_not_fit_is_one_line(tmp_path):
    network = Tangled()
    layers = layers_with_filters(network, (16, 16, 3))
    with pytest.raises(CheckpointError, match="other belongs to another network: stem does not fit"):
        of_tensors({"stem.weight": torch.zeros(6, 3, 5, 5)}, layers[0], source="other")
    with pytest.raises(CheckpointError, match="stem does not fit"):
        of_tensors({}, layers[0], source="other")
    with pytest.raises(LayerNotFound, match=r"No layer 'stemm'\. Did you mean: stem"):
        layer_named(layers, "stemm")
    with pytest.raises(LayerNotFound, match="first convolution or linear layer"):
        layers_with_filters(nn.Sequential(nn.Flatten()), (2, 2, 1))


def test_looking_for_layers_changes_nothing():
    network = Tangled().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    layers_with_filters(network, (16, 16, 3))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(module.training for module in network.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
