"""The arithmetic of a cell gives what the network gave."""

import numpy as np
import pytest
import torch

from cnnviz.config import AlexNet, Cnn, Mlp, Network, ResNet18, Torchvision
from cnnviz.errors import LayerNotFound
from cnnviz.explore.activations.activation_maps import channel_maps
from cnnviz.explore.activations.cell import cell
from cnnviz.explore.layers.structure import layers
from cnnviz.models.registry import build


def settled(network: Network, side: int) -> torch.nn.Module:
    """A network whose batch norm has statistics of its own."""
    model = build(network, image_shape=(side, side, 3), classes=4, seed=3)
    torch.manual_seed(0)
    model.train()
    with torch.no_grad():
        model(torch.randn(4, 3, side, side))
    return model.eval()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "side"),
    [
        (Cnn(convs=(6, 8), kernel=5, batch_norm="all", pool_after=(1,), linear=(7,), activation="mish"), 16),
        (ResNet18(stem="imagenet"), 40),
        (AlexNet(), 80),
        (Mlp(hidden=(9,), activation="tanh"), 8),
        (Torchvision(model="mobilenet_v3_small"), 40),
    ],
)
def test_the_sum_is_the_tensor(network: Network, side: int) -> None:
    model = settled(network, side)
    image = np.random.default_rng(1).normal(size=(3, side, side)).astype(np.float32)
    listed = layers(model, (3, side, side))
    random = np.random.default_rng(2)
    worked = 0
    for layer in listed:
        maps = channel_maps(model, image, layer.name)
        if len(layer.output_shape) not in (1, 3) or len(maps.shape) != 3:
            continue
        channel, row, column = (int(random.integers(size)) for size in maps.shape)
        found = cell(model, image, listed, layer.name, channel=channel, row=row, column=column)
        assert found.value == pytest.approx(float(maps[channel, row, column]), abs=1e-6)
        assert found.steps[-1].value == pytest.approx(found.value, abs=1e-5, rel=1e-5), layer.name
        worked += found.patch is not None
    assert worked >= 3


def test_it_reaches_back_to_the_convolution_and_hangs_over_the_edge() -> None:
    model = settled(Cnn(convs=(4,), kernel=3, batch_norm="all", pool_after=()), 8)
    image = np.ones((3, 8, 8), np.float32)
    listed = layers(model, (3, 8, 8))
    found = cell(model, image, listed, "act1", channel=1, row=0, column=0)
    assert [step.layer for step in found.steps] == ["conv1", "bn1", "act1"]
    assert found.source == "image"
    assert found.patch is not None
    assert found.patch[0].tolist() == [[0, 0, 0], [0, 1, 1], [0, 1, 1]]
    assert found.contributions is not None
    assert "bias" in found.steps[0].formula
    assert found.steps[1].formula.startswith("(")


@pytest.mark.parametrize("padding", [4, (2, 6), "same"])
def test_a_dilated_kernel_reads_cells_that_lie_apart(padding: int | tuple[int, int] | str) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3, dilation=(2, 4), padding=padding)).eval()
    image = np.random.default_rng(1).normal(size=(3, 12, 14)).astype(np.float32)
    listed = layers(model, image.shape)
    maps = channel_maps(model, image, "0")
    for row, column in ((0, 0), (5, 6), (maps.shape[1] - 1, maps.shape[2] - 1)):
        found = cell(model, image, listed, "0", channel=1, row=row, column=column)
        assert found.steps[-1].value == pytest.approx(float(maps[1, row, column]), abs=1e-5)


@pytest.mark.parametrize(
    ("network", "layer", "way"),
    [
        (ResNet18(stem="cifar"), "layer1.0", ["conv2", "bn2", "+", "relu:2"]),
        (ResNet18(stem="imagenet"), "layer2.0", ["conv2", "bn2", "+", "relu:2"]),
        (ResNet18(stem="cifar"), "layer2.0.relu:2", ["conv2", "bn2", "+", "relu:2"]),
        (Torchvision(model="mobilenet_v2"), "features.3", ["conv.2", "conv.3", "+"]),
    ],
)
def test_branches_that_join_are_added_up(network: Network, layer: str, way: list[str]) -> None:
    model = settled(network, 32)
    image = np.random.default_rng(1).normal(size=(3, 32, 32)).astype(np.float32)
    listed = layers(model, (3, 32, 32))
    maps = channel_maps(model, image, layer)
    random = np.random.default_rng(5)
    for _ in range(5):
        channel, row, column = (int(random.integers(size)) for size in maps.shape)
        found = cell(model, image, listed, layer, channel=channel, row=row, column=column)
        block = layer.removesuffix(".relu:2")
        assert [step.layer.removeprefix(f"{block}.") for step in found.steps] == way
        assert found.patch is not None
        assert found.steps[-1].value == pytest.approx(float(maps[channel, row, column]), abs=1e-5, rel=1e-5)
    joined = next(step for step in found.steps if step.layer == "+")
    assert joined.formula.count("(") >= 2


class Doubling(torch.nn.Module):
    """Branches that join, but are not only added."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 3, 3, padding=1)
        self.act = torch.nn.ReLU()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        once = self.conv(image)
        return self.act(2 * once + self.conv(once))


def test_what_is_no_plain_sum_is_taken_as_it_comes() -> None:
    model = torch.nn.Sequential(Doubling(), torch.nn.Flatten(), torch.nn.Linear(192, 2)).eval()
    listed = layers(model, (3, 8, 8))
    image = np.random.default_rng(1).normal(size=(3, 8, 8)).astype(np.float32)
    maps = channel_maps(model, image, "0.act")
    found = cell(model, image, listed, "0.act", channel=1, row=2, column=3)
    assert [step.title for step in found.steps] == ["As it comes"]
    assert found.patch is None
    assert found.value == pytest.approx(float(maps[1, 2, 3]))


def test_what_is_not_there_is_said_and_nothing_is_left_behind() -> None:
    model = settled(Cnn(convs=(4,), pool_after=()), 8)
    image = np.zeros((3, 8, 8), np.float32)
    listed = layers(model, (3, 8, 8))
    with pytest.raises(LayerNotFound, match="conv1"):
        cell(model, image, listed, "conv9", channel=0, row=0, column=0)
    with pytest.raises(IndexError, match="no cell"):
        cell(model, image, listed, "conv1", channel=0, row=8, column=0)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
